"""
How the embedded Kafka and its Java are set: small, quick to start, one node.

Each line that is not Kafka's default says why it is there.
"""

from typing import Final

MAX_MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""Of one batch of records. Ours stay under 1 MiB, Kafka's default; this is room for
other producers, and as much as a fetch may bring."""

SERVER_PROPERTIES: Final = """\
# Written anew at every start.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
log.dirs={log_dir}

# One node: every internal topic has one copy. Four partitions instead of fifty are
# four files to open at a start, and enough for a few groups.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1

# A worker takes its partitions at once, and is missed after 6 s.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000

auto.create.topics.enable=false
message.max.bytes={max_message_bytes}
replica.fetch.max.bytes={max_message_bytes}

# Keys that one pass of compaction can hold: 24 bytes each, so 1.2 million. The default
# of 128 MB would be a quarter of the heap.
log.cleaner.enable=true
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=33554432

# After a hard kill the controller waits for the end of the broker's old session before
# it lets the new one in: 9 s by default. A stall of this length makes clients look for
# the leader again, no more.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400

# While a broker hands its partitions over they have no leader, and a transaction that
# ends then gets no markers (KAFKA-20734): to readers of committed records its
# partitions end there for ever. There is nobody to hand them over to.
controlled.shutdown.enable=false

# Two cores and a handful of connections.
num.network.threads=2
num.io.threads=4
background.threads=2
"""

JVM: Final = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    # The quick compiler alone: ready in 2.2 s rather than 3.9 s, 190 MB rather than
    # 220 MB, and no more CPU per record, since a broker copies and checks sums.
    "-XX:TieredStopAtLevel=1",
    # Direct buffers are kept per thread and never shrink: bounds what they take.
    "-Djdk.nio.maxCachedBufferSize=262144",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
)
