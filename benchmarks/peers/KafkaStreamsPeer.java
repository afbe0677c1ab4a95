import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.IsoFields;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.Stores;

/**
 * The peer: the same purchases folded by Kafka Streams, as its users write it.
 *
 * <p>It keeps a row per product: planned and unplanned quantity and value as exact decimals, sequence, position, period
 * and newest time; each changed row goes to the changelog as JSON. It does less than the worker, to its advantage: no
 * windows, no duplicates, no bounds on values, no rejected records, no bids and plans.
 *
 * <p>Usage: KafkaStreamsPeer BROKER APPLICATION TOPIC GUARANTEE COMMIT_INTERVAL_MS; GUARANTEE is at_least_once or
 * exactly_once_v2. Runs until it is terminated. Class path: org.apache.kafka:kafka-streams:4.3.1 with its own jackson.
 */
public final class KafkaStreamsPeer {
    /** The `purchase` of schemas/events.py, and where its record lies. */
    @JsonIgnoreProperties("type")
    public static final class Purchase {
        public String event_id, product_id, occurred_at, company_id, consumer_id;
        public BigDecimal quantity, unit_price, planned_quantity = BigDecimal.ZERO;
        long offset;
        Instant moment;
    }

    public static final class Amount {
        public BigDecimal quantity = BigDecimal.ZERO, value = BigDecimal.ZERO;

        void add(BigDecimal units, BigDecimal unitPrice) {
            quantity = quantity.add(units);
            value = value.add(units.multiply(unitPrice));
        }
    }

    public static final class Demand {
        public Amount planned_purchases = new Amount(), unplanned_purchases = new Amount();
    }

    /** The same words as in schemas/rows.py, so that one reader checks both. */
    public static final class Row {
        public String product_id, period, occurred_at;
        public long sequence, occurred_ms;
        public Map<String, Long> positions = new HashMap<>();
        public Demand demand = new Demand();
    }

    private static final long DAY_MS = 86_400_000;
    // One stream thread, so a plain map will do.
    private static final Map<Long, String> PERIODS = new HashMap<>();

    private static String weekOf(long day) {
        LocalDate date = LocalDate.ofEpochDay(day);
        return String.format(
                "%d-W%02d", date.get(IsoFields.WEEK_BASED_YEAR), date.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
    }

    private static final class Positioned extends ContextualFixedKeyProcessor<String, Purchase, Purchase> {
        @Override
        public void process(FixedKeyRecord<String, Purchase> record) {
            record.value().offset = context().recordMetadata().orElseThrow().offset();
            context().forward(record);
        }
    }

    private static Row fold(String product, Purchase purchase, Row row) {
        row.product_id = product;
        row.sequence += 1;
        row.positions.put("purchases", purchase.offset);
        long occurred = purchase.moment.toEpochMilli();
        if (occurred > row.occurred_ms) {
            row.occurred_ms = occurred;
            row.occurred_at = purchase.occurred_at;
            row.period = PERIODS.computeIfAbsent(Math.floorDiv(occurred, DAY_MS), KafkaStreamsPeer::weekOf);
        }
        BigDecimal planned = purchase.planned_quantity;
        if (planned.signum() > 0) {
            row.demand.planned_purchases.add(planned, purchase.unit_price);
        }
        BigDecimal unplanned = purchase.quantity.subtract(planned);
        if (unplanned.signum() > 0) {
            row.demand.unplanned_purchases.add(unplanned, purchase.unit_price);
        }
        return row;
    }

    public static void main(String[] arguments) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("application.id", arguments[1]);
        settings.put("processing.guarantee", arguments[3]);
        settings.put("commit.interval.ms", arguments[4]);
        settings.put("auto.offset.reset", "earliest");
        settings.put("num.stream.threads", "1");
        settings.put("replication.factor", "1");
        settings.put("state.dir", System.getProperty("java.io.tmpdir"));
        // As much at once as the worker takes; faster than the defaults of 1,000 records and 1 MiB.
        settings.put("max.poll.records", "10000");
        settings.put("max.partition.fetch.bytes", String.valueOf(4 << 20));

        ObjectMapper mapper = new ObjectMapper();
        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(arguments[2], Consumed.with(Serdes.String(), json(mapper, Purchase.class)))
                .peek((product, purchase) -> purchase.moment = Instant.parse(purchase.occurred_at))
                .processValues(Positioned::new)
                .groupByKey(Grouped.with(Serdes.String(), json(mapper, Purchase.class)))
                .aggregate(
                        Row::new,
                        KafkaStreamsPeer::fold,
                        Materialized.<String, Row>as(Stores.inMemoryKeyValueStore("rows"))
                                .withKeySerde(Serdes.String())
                                .withValueSerde(json(mapper, Row.class)));
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.setUncaughtExceptionHandler(fault -> {
            fault.printStackTrace();
            Runtime.getRuntime().halt(1);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
    }

    private static <T> Serde<T> json(ObjectMapper mapper, Class<T> type) {
        ObjectReader reader = mapper.readerFor(type);
        ObjectWriter writer = mapper.writerFor(type);
        return Serdes.serdeFrom(
                (topic, value) -> {
                    try {
                        return value == null ? null : writer.writeValueAsBytes(value);
                    } catch (IOException fault) {
                        throw new UncheckedIOException(fault);
                    }
                },
                (topic, bytes) -> {
                    try {
                        return bytes == null ? null : reader.readValue(bytes);
                    } catch (IOException fault) {
                        throw new UncheckedIOException(fault);
                    }
                });
    }
}
