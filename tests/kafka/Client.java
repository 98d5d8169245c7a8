import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.tools.consumer.group.ConsumerGroupCommand;

/*
 * Kafka's own client in one process, for tests, as a JVM for each call takes seconds. It reads lines of words with
 * tabs between them, does what each says, and answers each with one line, "ok ..." or "error ...", where "|" is the end
 * of a line:
 *
 *   create TOPIC COUNT           a topic with so many partitions
 *   produce TOPIC PARTITION COUNT TIME
 *   get GROUP TOPIC PARTITION    "ok OFFSET METADATA", or "ok none"
 *   put GROUP TOPIC PARTITION OFFSET METADATA
 *   alter GROUP TOPIC PARTITION OFFSET METADATA  the same, of any group: a consumer takes no blanks around its id
 *   delete GROUP
 *   groups                       the ids of all groups
 *   coordinator GROUP            the number of its broker
 *   join GROUP TOPIC PROTOCOL    a consumer becomes a member of the group, by the protocol "classic" or "consumer"
 *   leave                        and ends
 *   scram USER MECHANISM PASSWORD  makes a user of SCRAM, or changes one
 *   allow USER TYPE NAME OPERATION, forbid ...: makes an ACL, or removes it
 *   log GROUP                    "ok TOPIC:PARTITION:OFFSET ...", each commit that is in Kafka's own log, in its order
 *   tool ARGUMENT...             what kafka-consumer-groups.sh prints
 */
public class Client {
    private final Map<String, Object> base;
    private final Admin admin;
    private KafkaConsumer<String, String> member;

    private Client(String brokers) {
        base = Map.of("bootstrap.servers", brokers, "default.api.timeout.ms", "20000", "request.timeout.ms", "5000");
        admin = Admin.create(base);
    }

    private static Map<String, Object> with(Map<String, Object> settings, Map<String, Object> more) {
        Map<String, Object> all = new java.util.HashMap<>(settings);
        all.putAll(more);
        return all;
    }

    private KafkaConsumer<String, String> consumer(String group) {
        return consumer(group, "classic");
    }

    private KafkaConsumer<String, String> consumer(String group, String protocol) {
        return new KafkaConsumer<>(with(base, Map.of("group.id", group, "enable.auto.commit", "false",
                "auto.offset.reset", "earliest", "group.protocol", protocol, "client.id", "client of " + group)),
                new StringDeserializer(), new StringDeserializer());
    }

    private String create(String topic, int count) throws Exception {
        admin.createTopics(Set.of(new NewTopic(topic, count, (short) 3))).all().get();
        return "";
    }

    private String produce(String topic, int partition, int count, long time) throws Exception {
        try (KafkaProducer<String, String> producer =
                new KafkaProducer<>(base, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < count; i++)
                producer.send(new ProducerRecord<>(topic, partition, time + i, null, "record " + i)).get();
        }
        return "";
    }

    private String get(String group, TopicPartition partition) throws Exception {
        OffsetAndMetadata found = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
                .get(partition);
        return found == null ? "none" : found.offset() + " " + found.metadata();
    }

    private String put(String group, TopicPartition partition, long offset, String metadata) {
        try (KafkaConsumer<String, String> consumer = consumer(group)) {
            consumer.assign(List.of(partition));
            consumer.commitSync(Map.of(partition, new OffsetAndMetadata(offset, metadata)));
        }
        return "";
    }

    private String alter(String group, TopicPartition partition, long offset, String metadata) throws Exception {
        admin.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(offset, metadata))).all().get();
        return "";
    }

    private String groups() throws Exception {
        List<String> ids = new java.util.ArrayList<>();
        admin.listGroups().all().get().forEach(group -> ids.add(group.groupId()));
        java.util.Collections.sort(ids);
        return String.join("\t", ids);
    }

    private String coordinator(String group) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group).coordinator().idString();
    }

    private String join(String group, String topic, String protocol) {
        member = consumer(group, protocol);
        member.subscribe(List.of(topic));
        while (member.assignment().isEmpty())
            member.poll(java.time.Duration.ofMillis(100));
        return "";
    }

    private String leave() {
        member.close();
        return "";
    }

    private String scram(String user, String mechanism, String password) throws Exception {
        ScramCredentialInfo info = new ScramCredentialInfo(ScramMechanism.fromMechanismName(mechanism), 4096);
        admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(user, info, password))).all().get();
        return "";
    }

    private static AclBinding acl(String[] words) {
        return new AclBinding(
                new ResourcePattern(ResourceType.fromString(words[2]), words[3], PatternType.LITERAL),
                new AccessControlEntry("User:" + words[1], "*", AclOperation.fromString(words[4]),
                        AclPermissionType.ALLOW));
    }

    private String allow(AclBinding acl) throws Exception {
        admin.createAcls(List.of(acl)).all().get();
        return "";
    }

    private String forbid(AclBinding acl) throws Exception {
        admin.deleteAcls(List.of(acl.toFilter())).all().get();
        return "";
    }

    /* A record's key is a version, and of 0 and 1 group, topic and partition; its value a version and the offset. */
    private static String commit(String group, byte[] key, byte[] value) {
        java.nio.ByteBuffer fields = java.nio.ByteBuffer.wrap(key);
        if (fields.getShort() > 1 || !text(fields).equals(group))
            return "";
        return text(fields) + ":" + fields.getInt() + ":"
                + (value == null ? "none" : java.nio.ByteBuffer.wrap(value).getLong(2)) + " ";
    }

    private static String text(java.nio.ByteBuffer fields) {
        byte[] bytes = new byte[fields.getShort()];
        fields.get(bytes);
        return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
    }

    private String log(String group) {
        StringBuilder all = new StringBuilder();
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(with(base, Map.of("group.id", "log",
                "enable.auto.commit", "false")), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor("__consumer_offsets").stream()
                    .map(found -> new TopicPartition(found.topic(), found.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each)))
                consumer.poll(java.time.Duration.ofMillis(100))
                        .forEach(record -> all.append(commit(group, record.key(), record.value())));
        }
        return all.toString().trim();
    }

    private static String tool(String[] words) {
        java.io.PrintStream out = System.out;
        java.io.ByteArrayOutputStream printed = new java.io.ByteArrayOutputStream();
        Exit.setExitProcedure((status, message) -> {
            throw new IllegalStateException("exit " + status);
        });
        System.setOut(new java.io.PrintStream(printed));
        try {
            ConsumerGroupCommand.main(java.util.Arrays.copyOfRange(words, 1, words.length));
        } finally {
            System.setOut(out);
        }
        return printed.toString().trim();
    }

    private static TopicPartition partition(String[] words) {
        return new TopicPartition(words[2], Integer.parseInt(words[3]));
    }

    private String run(String[] words) throws Exception {
        return switch (words[0]) {
            case "create" -> create(words[1], Integer.parseInt(words[2]));
            case "produce" -> produce(words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3]),
                    Long.parseLong(words[4]));
            case "get" -> get(words[1], partition(words));
            case "put" -> put(words[1], partition(words), Long.parseLong(words[4]), words[5]);
            case "alter" -> alter(words[1], partition(words), Long.parseLong(words[4]), words[5]);
            case "delete" -> {
                admin.deleteConsumerGroups(List.of(words[1])).all().get();
                yield "";
            }
            case "groups" -> groups();
            case "coordinator" -> coordinator(words[1]);
            case "join" -> join(words[1], words[2], words[3]);
            case "leave" -> leave();
            case "scram" -> scram(words[1], words[2], words[3]);
            case "allow" -> allow(acl(words));
            case "forbid" -> forbid(acl(words));
            case "log" -> log(words[1]);
            case "tool" -> tool(words);
            default -> throw new IllegalArgumentException(words[0]);
        };
    }

    public static void main(String[] arguments) {
        Client client = new Client(arguments[0]);
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            try {
                System.out.println("ok " + client.run(lines.nextLine().split("\t", -1)).replace('\n', '|'));
            } catch (Exception e) {
                System.out.println("error " + e);
            }
        }
        System.exit(0);
    }
}
