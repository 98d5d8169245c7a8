// Usage: tool-java WORD FILE [TEXT]: what programs in Java do with files.
import java.io.FileWriter;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

final class Tool {
    public static void main(String[] words) throws Exception {
        Path file = Path.of(words[1]);
        String text = words.length > 2 ? words[2] + "\n" : "";
        switch (words[0]) {
        case "readString" -> System.out.print(Files.readString(file));
        case "lines" -> Files.lines(file).forEach(System.out::println);
        case "writeString" -> Files.writeString(file, text);
        case "FileWriter" -> {
            try (FileWriter writer = new FileWriter(file.toFile())) {
                writer.write(text);
            }
        }
        case "copy" -> Files.copy(Path.of(words[2]), file, StandardCopyOption.REPLACE_EXISTING);
        case "atomic" -> {
            Path temporary = Files.createTempFile(file.getParent(), ".new", "");
            try {
                Files.writeString(temporary, text);
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(temporary);
            }
        }
        case "channel" -> {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.wrap(text.getBytes()), 0);
                channel.force(true);
            }
        }
        case "AsynchronousFileChannel" -> {
            try (AsynchronousFileChannel channel = AsynchronousFileChannel.open(file)) {
                ByteBuffer buffer = ByteBuffer.allocate(99);
                int count = channel.read(buffer, 0).get();
                System.out.print(new String(buffer.array(), 0, count));
            }
        }
        case "RandomAccessFile" -> {
            try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
                opened.writeBytes(text);
            }
        }
        case "walk" -> Files.walk(file).filter(Files::isRegularFile).sorted().forEach(System.out::println);
        case "delete" -> Files.delete(file);
        case "size" -> System.out.println(Files.size(file));
        default -> throw new IllegalArgumentException(words[0]);
        }
    }
}
