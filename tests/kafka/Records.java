import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/*
 * Records by Kafka's own clients, for tests, in one process as Client.java. It reads lines of words with tabs between
 * them, does what each says in partition 0 of a topic, and answers each with one line, "ok ..." or "error ...":
 *
 *   create TOPIC [NAME=VALUE...]       a topic with one partition, and its settings
 *   numbers TOPIC CODEC FROM TO        records that say these numbers, in as few batches as come about
 *   record TOPIC CODEC KEY VALUE [NAME VALUE...]   one record, its headers behind it; all but names in base64, "-": null
 *   begin TOPIC FROM TO                a transaction with records that say these numbers, which stays open
 *   commit                             and  abort: how it ends
 *   remove TOPIC OFFSET                removes all before that offset
 *   read TOPIC FROM COUNT              the values of so many records, in base64
 */
public class Records {
    private final Map<String, Object> base;
    private final Admin admin;
    private KafkaProducer<byte[], byte[]> open;

    private Records(String brokers) {
        base = Map.of("bootstrap.servers", brokers, "default.api.timeout.ms", "20000", "request.timeout.ms", "5000");
        admin = Admin.create(base);
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        Map<String, Object> all = new HashMap<>(base);
        all.putAll(Map.of("linger.ms", "20", "max.request.size", "30000000", "buffer.memory", "60000000"));
        all.putAll(more);
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static byte[] bytes(String word) {
        return word.equals("-") ? null : Base64.getDecoder().decode(word);
    }

    private String create(String[] words) throws Exception {
        Map<String, String> settings = new HashMap<>();
        for (int i = 2; i < words.length; i++)
            settings.put(words[i].split("=")[0], words[i].split("=")[1]);
        admin.createTopics(Set.of(new NewTopic(words[1], 1, (short) 3).configs(settings))).all().get();
        return "";
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, String topic, int from, int to) {
        for (int i = from; i <= to; i++)
            producer.send(new ProducerRecord<>(topic, 0, null, Integer.toString(i).getBytes()));
        producer.flush();
    }

    private String numbers(String[] words) {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("compression.type", words[2]))) {
            send(producer, words[1], Integer.parseInt(words[3]), Integer.parseInt(words[4]));
        }
        return "";
    }

    private String record(String[] words) throws Exception {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(words[1], 0, bytes(words[3]), bytes(words[4]));
        for (int i = 5; i < words.length; i += 2)
            record.headers().add(words[i], bytes(words[i + 1]));
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("compression.type", words[2]))) {
            return Long.toString(producer.send(record).get().offset());
        }
    }

    private String begin(String[] words) {
        open = producer(Map.of("transactional.id", "of " + words[1]));
        open.initTransactions();
        open.beginTransaction();
        send(open, words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3]));
        return "";
    }

    private String end(boolean commits) {
        if (commits)
            open.commitTransaction();
        else
            open.abortTransaction();
        open.close();
        return "";
    }

    private String remove(String[] words) throws Exception {
        admin.deleteRecords(Map.of(new TopicPartition(words[1], 0),
                RecordsToDelete.beforeOffset(Long.parseLong(words[2])))).all().get();
        return "";
    }

    private String read(String[] words) {
        int count = Integer.parseInt(words[3]);
        StringBuilder all = new StringBuilder();
        TopicPartition partition = new TopicPartition(words[1], 0);
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(base, new ByteArrayDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, Long.parseLong(words[2]));
            while (count > 0) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(java.time.Duration.ofMillis(100))) {
                    if (count-- > 0)
                        all.append(all.isEmpty() ? "" : " ").append(Base64.getEncoder().encodeToString(record.value()));
                }
            }
        }
        return all.toString();
    }

    private String run(String[] words) throws Exception {
        return switch (words[0]) {
            case "create" -> create(words);
            case "numbers" -> numbers(words);
            case "record" -> record(words);
            case "begin" -> begin(words);
            case "commit" -> end(true);
            case "abort" -> end(false);
            case "remove" -> remove(words);
            case "read" -> read(words);
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    public static void main(String[] arguments) {
        Records records = new Records(arguments[0]);
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            try {
                System.out.println("ok " + records.run(lines.nextLine().split("\t", -1)));
            } catch (Exception e) {
                System.out.println("error " + e);
            }
        }
        System.exit(0);
    }
}
