// The fold in Kafka Streams: one processor with two tables, cached and logged; stopwatch.py has the contract.
// The same JVM folds everything once before, under another application id; the second pass is timed.

import com.sun.management.OperatingSystemMXBean;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.util.Utf8;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

class Fold {
    static final String BROKERS = told("BROKERS"), TOPIC = told("TOPIC"), GUARANTEE = told("GUARANTEE");
    static final long EVENTS = Long.parseLong(told("EVENTS"));
    static final long HOUR_US = 3_600_000_000L;
    static final boolean IN_MEMORY = "memory".equals(System.getenv("FOLD_STORE"));
    static final int COMMIT_MS = GUARANTEE.equals("exactly_once_v2") ? 100 : 1000;

    static String told(String name) {
        return System.getenv("FOLD_" + name);
    }

    public static void main(String[] arguments) throws Exception {
        Event.refuseOther(new Schema.Parser().parse(Path.of(told("SCHEMA")).toFile()));
        Cache cache = new Cache(URI.create(told("REDIS")));
        Pass warm = new Pass(told("GROUP") + "-warm", cache);
        warm.run();
        cache.fill(warm.seen); // the timed pass finds what the warm one found
        System.out.println(new Pass(told("GROUP"), cache).run());
        System.exit(0);
    }
}

/** From an empty group to the last commit. */
class Pass {
    final String group;
    final Cache cache;
    final Set<String> seen = new HashSet<>();
    final CountDownLatch folded = new CountDownLatch(1);
    long counted, forgotten, began, cpu; // of the one stream thread; others read them behind the latch

    Pass(String group, Cache cache) {
        this.group = group;
        this.cache = cache;
    }

    String run() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", Fold.BROKERS)); KafkaStreams streams = start()) {
            Map<TopicPartition, Long> ends = ends(admin);
            folded.await();
            while (!committed(admin).equals(ends)) TimeUnit.MILLISECONDS.sleep(2);
            double seconds = (System.nanoTime() - began) / 1e9, used = (cpuNanos() - cpu) / 1e9;
            String figures = String.format(
                "{\"seconds\": %f, \"cpu_s\": %f, \"events\": %d, \"by_resource\": %d, \"by_hour\": %d}",
                seconds, used, counted, sum(streams, "by_resource"), sum(streams, "by_hour"));
            streams.close(Duration.ofSeconds(20));
            return figures;
        }
    }

    KafkaStreams start() {
        Topology topology = new Topology();
        topology.addSource("events", Serdes.ByteArray().deserializer(), Serdes.ByteArray().deserializer(), Fold.TOPIC);
        topology.addProcessor("count", () -> new Counting(this), "events");
        for (String table : List.of("by_resource", "by_hour")) topology.addStateStore(store(table), "count");
        KafkaStreams streams = new KafkaStreams(topology, settings());
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
        });
        streams.start();
        return streams;
    }

    static StoreBuilder<KeyValueStore<String, Long>> store(String table) {
        var supplier = Fold.IN_MEMORY ? Stores.inMemoryKeyValueStore(table) : Stores.persistentKeyValueStore(table);
        return Stores.keyValueStoreBuilder(supplier, Serdes.String(), Serdes.Long()).withCachingEnabled().withLoggingEnabled(Map.of());
    }

    Properties settings() {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, group);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, Fold.BROKERS);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, Fold.GUARANTEE);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Fold.COMMIT_MS);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 64 << 20);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, "state");
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 4000);
        settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
        return settings;
    }

    Map<TopicPartition, Long> ends(Admin admin) throws Exception {
        int partitions = admin.describeTopics(List.of(Fold.TOPIC)).allTopicNames().get().get(Fold.TOPIC).partitions().size();
        Map<TopicPartition, OffsetSpec> asked = IntStream.range(0, partitions).boxed()
            .collect(Collectors.toMap(number -> new TopicPartition(Fold.TOPIC, number), number -> OffsetSpec.latest()));
        return admin.listOffsets(asked).all().get().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
    }

    /** Offsets of an open transaction are not among them. */
    Map<TopicPartition, Long> committed(Admin admin) throws Exception {
        return admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().offset()));
    }

    static long sum(KafkaStreams streams, String table) {
        long sum = 0;
        var type = QueryableStoreTypes.<String, Long>keyValueStore();
        try (KeyValueIterator<String, Long> rows = streams.store(StoreQueryParameters.fromNameAndType(table, type)).all()) {
            while (rows.hasNext()) sum += rows.next().value;
        }
        return sum;
    }

    static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}

/** One of these for each partition, all on one thread. */
class Counting implements Processor<byte[], byte[], Void, Void> {
    private final Pass pass;
    private final Set<String> stale = new HashSet<>();
    private long waiting;
    private KeyValueStore<String, Long> byResource, byHour;
    private BinaryDecoder decoder;

    Counting(Pass pass) {
        this.pass = pass;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        byResource = context.getStateStore("by_resource");
        byHour = context.getStateStore("by_hour");
        context.schedule(Duration.ofMillis(Fold.COMMIT_MS), PunctuationType.WALL_CLOCK_TIME, now -> forget());
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        if (pass.began == 0) {
            pass.cpu = Pass.cpuNanos();
            pass.began = System.nanoTime();
        }
        decoder = DecoderFactory.get().binaryDecoder(record.value(), 5, record.value().length - 5, decoder);
        Event event = Event.read(decoder);
        String resource = event.resourceId.toString();
        add(byResource, resource);
        add(byHour, resource + "|" + event.occurredAt / Fold.HOUR_US);
        stale.add(resource);
        waiting++;
        pass.counted++;
    }

    private static void add(KeyValueStore<String, Long> table, String key) {
        Long before = table.get(key);
        table.put(key, before == null ? 1L : before + 1);
    }

    private void forget() {
        if (waiting == 0) return;
        pass.cache.unlink(stale);
        pass.seen.addAll(stale);
        pass.forgotten += waiting;
        stale.clear();
        waiting = 0;
        if (pass.forgotten == Fold.EVENTS) pass.folded.countDown();
    }
}

/** All fields of the event, read in the order in which they are written. */
class Event {
    Utf8 eventId, type, source, correlationId, causationId, actor;
    Utf8 reservationId, resourceId, categoryId, userId, purpose, waitlistId;
    long occurredAt, startsAt, endsAt;
    int version, attendees;

    static Event read(BinaryDecoder from) {
        try {
            Event event = new Event();
            event.eventId = from.readString(null);
            event.type = from.readString(null);
            event.source = from.readString(null);
            event.occurredAt = from.readLong();
            event.correlationId = from.readString(null);
            event.causationId = optional(from);
            event.version = from.readInt();
            event.actor = optional(from);
            event.reservationId = from.readString(null);
            event.resourceId = from.readString(null);
            event.categoryId = from.readString(null);
            event.userId = from.readString(null);
            event.startsAt = from.readLong();
            event.endsAt = from.readLong();
            event.attendees = from.readInt();
            event.purpose = optional(from);
            event.waitlistId = optional(from);
            return event;
        } catch (IOException malformed) {
            throw new IllegalStateException(malformed);
        }
    }

    private static Utf8 optional(BinaryDecoder from) throws IOException {
        return from.readIndex() == 0 ? null : from.readString(null);
    }

    /** The reading above is written for these fields: another schema would be read as nonsense. */
    static void refuseOther(Schema schema) {
        String found = schema.getFields().stream().flatMap(part -> part.schema().getFields().stream())
            .map(field -> field.name() + ":" + shape(field.schema())).collect(Collectors.joining(" "));
        String known = "event_id:string type:string source:string occurred_at:long correlation_id:string causation_id:null/string "
            + "version:int actor:null/string reservation_id:string resource_id:string category_id:string user_id:string "
            + "starts_at:long ends_at:long attendees:int purpose:null/string waitlist_id:null/string";
        if (!found.equals(known)) throw new IllegalStateException("Event.read does not know this schema, mend it: " + found);
    }

    private static String shape(Schema schema) {
        return schema.isUnion() ? schema.getTypes().stream().map(Event::shape).collect(Collectors.joining("/")) : schema.getType().getName();
    }
}

/** As much of Redis' protocol as the fold needs. */
class Cache {
    private final Socket socket;
    private final InputStream answers;

    Cache(URI address) throws IOException {
        socket = new Socket(address.getHost(), address.getPort());
        socket.setTcpNoDelay(true);
        answers = new BufferedInputStream(socket.getInputStream());
    }

    void unlink(Set<String> resources) {
        List<String> words = new ArrayList<>(List.of("UNLINK"));
        for (String resource : resources) words.addAll(keys(resource));
        ask(words, ':');
    }

    void fill(Set<String> resources) {
        List<String> words = new ArrayList<>(List.of("MSET"));
        for (String resource : resources) for (String key : keys(resource)) words.addAll(List.of(key, "cached"));
        ask(words, '+');
    }

    private static List<String> keys(String resource) {
        return List.of("fold:resource:" + resource, "fold:list:" + resource);
    }

    private void ask(List<String> words, char expected) {
        try {
            ByteArrayOutputStream request = new ByteArrayOutputStream(64 * words.size());
            request.write(("*" + words.size() + "\r\n").getBytes(StandardCharsets.US_ASCII));
            for (String word : words) {
                byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
                request.write(("$" + bytes.length + "\r\n").getBytes(StandardCharsets.US_ASCII));
                request.write(bytes);
                request.write('\r');
                request.write('\n');
            }
            request.writeTo(socket.getOutputStream());
            int kind = answers.read();
            while (answers.read() != '\n') {}
            if (kind != expected) throw new IOException("Redis refused " + words.get(0));
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }
}
