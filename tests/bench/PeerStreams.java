// The fold as a Kafka Streams application: a state of cells per partition, in RocksDB and a changelog topic, in Kafka transactions.
//
// As with Quix Streams, a cell has a value in each partition, added up by who reads them. Grouping by cell would send each event's
// cells, some twelve, once more through a repartition topic. tests/bench/peer_install.py compiles this; the contract is peer_fold.py's.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

final class PeerStreams {
    static final String APPLICATION = "peer-streams", CELLS = "cells";
    static final int COMMIT_MILLISECONDS = 5_000; // peer_fold.COMMIT_SECONDS
    static final long CACHE_BYTES = 256L << 20; // cells are written to RocksDB and the changelog when it is full, and at commits
    static final ZoneOffset ZONE = ZoneOffset.ofHours(8); // the programme's
    static final String DISPATCHES = "6", PERSONS = "7", RETURNS = "8", INCOME = "9", DEDUCTED = "10", MONTHS = "12";
    static final int[][] AGE_BANDS = {{0, 19}, {20, 24}, {25, 29}, {30, 34}, {35, 39}, {40, 44}, {45, 49}, {50, 54}, {55, 59}, {60, 150}};
    static final ObjectMapper JSON = new ObjectMapper();

    record Task(String bootstrap, List<String> topics, long records, String folder) {}

    record Counted(String measure, String currency, long amount) {}

    static final class Fold implements Processor<byte[], byte[], Void, Void> {
        private final Progress progress;
        private KeyValueStore<String, Long> cells;

        Fold(Progress progress) {
            this.progress = progress;
        }

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            cells = context.getStateStore(CELLS);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            progress.begin();
            JsonNode event = read(record.value());
            String recordedOn = Instant.parse(text(event, "time")).atOffset(ZONE).toLocalDate().toString();
            JsonNode data = event.get("data"), fact = data.get("fact");
            switch (text(event, "type")) {
                case "rights.IncomeReported.v1" -> add(income(fact), data, text(fact, "period") + "-01", recordedOn);
                case "docking.Dispatched.v1" -> add(departure(fact), fact, text(fact, "departed_on"), recordedOn);
                default -> add(List.of(new Counted(RETURNS, "", 1)), data.get("dispatch"), text(fact, "returned_on"), recordedOn);
            }
            progress.folded();
        }

        private void add(List<Counted> counted, JsonNode codes, String day, String recordedOn) {
            for (String key : keys(codes)) {
                for (Counted one : counted) {
                    String cell = String.join("\t", one.measure, key, day, recordedOn, one.currency);
                    Long before = cells.get(cell);
                    cells.put(cell, before == null ? one.amount : before + one.amount);
                }
            }
        }
    }

    /** When the first record came, and whether all have been folded or the application has failed. */
    static final class Progress {
        private final AtomicLong began = new AtomicLong(), remaining;
        final CompletableFuture<Void> done = new CompletableFuture<>();

        Progress(long records) {
            remaining = new AtomicLong(records);
        }

        void begin() {
            if (began.get() == 0) {
                began.compareAndSet(0, System.nanoTime());
            }
        }

        void folded() {
            if (remaining.decrementAndGet() == 0) {
                done.complete(null);
            }
        }

        double seconds() {
            return (System.nanoTime() - began.get()) / 1e9;
        }
    }

    // --- what one event adds to which cells --------------------------------------------------------------------------
    static List<Counted> departure(JsonNode fact) {
        Counted dispatch = new Counted(DISPATCHES, "", 1);
        return fact.get("first_this_year").booleanValue() ? List.of(dispatch, new Counted(PERSONS, "", 1)) : List.of(dispatch);
    }

    static List<Counted> income(JsonNode fact) {
        return Stream.of(new Counted(MONTHS, "", 1), paid(INCOME, fact.get("net")), paid(DEDUCTED, fact.get("deductions")))
            .filter(one -> one.amount != 0).toList();
    }

    static Counted paid(String measure, JsonNode money) {
        return new Counted(measure, text(money, "currency"), money.get("minor").longValue());
    }

    /** Of every cut its number and its two keys. An income says nothing of the person, so it is in one cut less. */
    static List<String> keys(JsonNode codes) {
        JsonNode origin = codes.get("origin");
        String county = text(origin, "county"), province = county.substring(0, 2) + "0000", destination = text(codes, "destination");
        List<String> keys = new ArrayList<>(List.of(
            "5\t" + province + "\t" + text(codes, "channel"),
            "1\t" + county + "\t" + text(origin, "designation"),
            "2\t" + province + "\t" + destination,
            "3\t" + province + "\t" + text(codes, "occupation"),
            "4\t" + text(codes, "enterprise") + "\t" + destination));
        if (codes.has("sex")) {
            int age = Integer.parseInt(text(codes, "departed_on").substring(0, 4)) - codes.get("birth_year").intValue();
            keys.add("6\t" + province + "\t" + text(codes, "sex") + " " + band(age));
        }
        return keys;
    }

    static String band(int age) {
        for (int[] band : AGE_BANDS) {
            if (band[0] <= age && age <= band[1]) {
                return band[0] + "-" + band[1];
            }
        }
        throw new IllegalArgumentException("no band for the age " + age);
    }

    static String text(JsonNode node, String field) {
        return node.get(field).textValue();
    }

    static JsonNode read(byte[] value) {
        try {
            return JSON.readTree(value);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    // --- the application ---------------------------------------------------------------------------------------------
    /** Seconds from the first record to the last commit. */
    static double fold(Task task) throws Exception {
        Progress progress = new Progress(task.records);
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(
            Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(CELLS), Serdes.String(), Serdes.Long()).withCachingEnabled());
        builder.stream(task.topics, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray())).process(() -> new Fold(progress), CELLS);
        KafkaStreams streams = new KafkaStreams(builder.build(), settings(task));
        streams.setUncaughtExceptionHandler(error -> {
            progress.done.completeExceptionally(error);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        progress.done.get();
        streams.close(); // commits what is open
        return progress.seconds();
    }

    static Properties settings(Task task) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, task.bootstrap);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, COMMIT_MILLISECONDS);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, Path.of(task.folder, "state").toString());
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        return settings;
    }

    /** The cells as they lie in the changelog topic, without what no transaction has committed; one line per cell and partition. */
    static void writeCells(Task task) throws IOException {
        Map<String, Object> settings = Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, task.bootstrap,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        Map<Integer, Map<String, Long>> cells = new TreeMap<>();
        try (KafkaConsumer<String, Long> consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new LongDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(APPLICATION + "-" + CELLS + "-changelog").stream()
                .map(one -> new TopicPartition(one.topic(), one.partition())).toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
                for (ConsumerRecord<String, Long> record : consumer.poll(Duration.ofSeconds(1))) {
                    cells.computeIfAbsent(record.partition(), one -> new TreeMap<>()).put(record.key(), record.value());
                }
            }
        }
        try (PrintWriter file = new PrintWriter(Files.newBufferedWriter(Path.of(task.folder, "cells.tsv"), StandardCharsets.UTF_8))) {
            cells.values().forEach(one -> one.forEach((cell, value) -> file.print(cell + "\t" + value + "\n")));
        }
    }

    /** Of resident memory. */
    static double peakMegabytes() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            String peak = lines.filter(line -> line.startsWith("VmHWM")).findFirst().orElseThrow();
            return Long.parseLong(peak.replaceAll("\\D", "")) / 1024.0;
        }
    }

    public static void main(String[] arguments) throws Exception {
        Task task = JSON.readValue(arguments[0], Task.class);
        double seconds = fold(task), megabytes = peakMegabytes();
        writeCells(task);
        System.out.println(seconds + " " + megabytes);
    }
}
