using System.ComponentModel.DataAnnotations;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Broker;

/// <summary>Settings of a broker.</summary>
public sealed class BrokerOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Broker";

    /// <summary>Broker name: brokers of one name are one master and its replicas.</summary>
    [Required, RegularExpression("^[a-zA-Z0-9_.-]{1,127}$")]
    public string Name { get; set; } = "broker-a";

    /// <summary>Cluster name.</summary>
    [Required, RegularExpression("^[a-zA-Z0-9_.-]{1,127}$")]
    public string Cluster { get; set; } = "DefaultCluster";

    /// <summary>0 for a master.</summary>
    [Range(0, long.MaxValue)]
    public long BrokerId { get; set; }

    /// <summary>Address it listens on, and that it tells name servers unless <see cref="Advertise"/> says another.</summary>
    [Required]
    public string Listen { get; set; } = "127.0.0.1";

    /// <summary>Host that name servers and message ids carry; empty: as <see cref="Listen"/>.</summary>
    public string Advertise { get; set; } = string.Empty;

    /// <summary>Port; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 10911;

    /// <summary>Name servers, <c>host:port</c> separated by semicolons; empty for none.</summary>
    public string NameServers { get; set; } = string.Empty;

    /// <summary>Store directory.</summary>
    [Required]
    public string DataDirectory { get; set; } = "./data";

    /// <summary>Whether the queues and all else that is built from the commit log are thrown away at the start and built again.</summary>
    public bool Rebuild { get; set; }

    /// <summary>When a send is acknowledged.</summary>
    public FlushMode Flush { get; set; } = FlushMode.Fsync;

    /// <summary>Size of a commit log file.</summary>
    [Range(64 * 1024, int.MaxValue)]
    public int CommitLogFileSize { get; set; } = 1 << 30;

    /// <summary>How long messages are kept; a topic's attribute <c>reserve.time</c> says another time for it, <c>reserve.bytes</c> how much of it is kept.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan RetentionTime { get; set; } = TimeSpan.FromHours(72);

    /// <summary>Bytes of commit log files, at most; 0 for no limit.</summary>
    [Range(0, long.MaxValue)]
    public long RetentionBytes { get; set; }

    /// <summary>How often retention looks.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Commit log files that are deleted in one go, at most.</summary>
    [Range(1, 10_000)]
    public int RetentionBatchSegments { get; set; } = 10;

    /// <summary>Pause between two goes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan RetentionBatchPause { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Share of the disk in use above which the oldest files go before their time, read or not; 1 for never.</summary>
    [Range(0.01, 1.0)]
    public double CleanWatermark { get; set; } = 0.85;

    /// <summary>Share of the disk in use from which sends are refused.</summary>
    [Range(0.01, 1.0)]
    public double RefuseWatermark { get; set; } = 0.90;

    /// <summary>Whether <see cref="CleanWatermark"/> deletes messages that protected groups have not read.</summary>
    public bool ForceDeleteAtWatermark { get; set; }

    /// <summary>
    /// Groups whose unread messages are never deleted: <c>topic:group</c>, separated by semicolons; <c>*</c> stands for
    /// anything. A pair without it holds its topic before the group came for the first time, others from their first progress
    /// on. The attribute <c>protected=true</c> of a group does the same for all its topics.
    /// </summary>
    [RegularExpression("^$|^[^:;]+:[^:;]+(;[^:;]+:[^:;]+)*;?$")]
    public string ProtectedGroups { get; set; } = string.Empty;

    /// <summary>Whether stored records end in a CRC of all of them, besides that of the body: as Apache RocketMQ 5.3 with enabledAppendPropCRC.</summary>
    public bool RecordCrc { get; set; } = true;

    /// <summary>Whether the CRC of a record is checked each time it is read: one that fails is left out.</summary>
    public bool CheckCrcOnRead { get; set; } = true;

    /// <summary>Bytes a second that the scrub reads to find damage in what is stored; 0 switches it off.</summary>
    [Range(0, 1L << 36)]
    public long ScrubBytesPerSecond { get; set; } = 8 * 1024 * 1024;

    /// <summary>From the start of a pass of the scrub over the whole store to that of the next.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")]
    public TimeSpan ScrubInterval { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Whether a send to an unknown topic creates it.</summary>
    public bool AutoCreateTopics { get; set; } = true;

    /// <summary>Whether a group gets its settings by being used.</summary>
    public bool AutoCreateGroups { get; set; } = true;

    /// <summary>Queues of a topic that is created by sending to it, at most.</summary>
    [Range(1, 1024)]
    public int DefaultQueues { get; set; } = 8;

    /// <summary>Most queues a topic may have.</summary>
    [Range(1, 65536)]
    public int MaxQueuesPerTopic { get; set; } = 1024;

    /// <summary>Most queues with messages, of all topics together.</summary>
    [Range(1, 10_000_000)]
    public int MaxQueues { get; set; } = 1_000_000;

    /// <summary>Most topics, the system's, retry and dead-letter topics included.</summary>
    [Range(32, 10_000_000)]
    public int MaxTopics { get; set; } = 20_000;

    /// <summary>Most groups with settings.</summary>
    [Range(8, 10_000_000)]
    public int MaxGroups { get; set; } = 20_000;

    /// <summary>Most queues of groups whose progress is kept.</summary>
    [Range(8, 100_000_000)]
    public int MaxOffsets { get; set; } = 1_000_000;

    /// <summary>Most members of one group.</summary>
    [Range(1, 1_000_000)]
    public int MaxGroupMembers { get; set; } = 10_000;

    /// <summary>Most producers and consumers known by heartbeats.</summary>
    [Range(1, 10_000_000)]
    public int MaxClients { get; set; } = 100_000;

    /// <summary>Most subscriptions of one member.</summary>
    [Range(1, 100_000)]
    public int MaxSubscriptionsPerMember { get; set; } = 1_000;

    /// <summary>Largest body of a message.</summary>
    [Range(1, 512 * 1024 * 1024)]
    public int MaxBodySize { get; set; } = 4 * 1024 * 1024;

    /// <summary>Bytes of messages that are appended and not yet durable, at most; beyond it sends are refused as busy.</summary>
    [Range(1024, long.MaxValue)]
    public long MaxUndurableBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Sends whose answer waits for the disk, at most; beyond it sends are refused as busy.</summary>
    [Range(1, 10_000_000)]
    public int MaxWaitingSends { get; set; } = 200_000;

    /// <summary>Messages of one pull, at most.</summary>
    [Range(1, 65536)]
    public int MaxPullMessages { get; set; } = 1024;

    /// <summary>Bytes of records of one pull, at most (but always one message).</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxPullBytes { get; set; } = 256 * 1024;

    /// <summary>Whether consumers may filter by properties with SQL92 expressions.</summary>
    public bool PropertyFilters { get; set; } = true;

    /// <summary>Longest SQL92 expression, in characters.</summary>
    [Range(16, 1024 * 1024)]
    public int MaxFilterLength { get; set; } = 32 * 1024;

    /// <summary>How deep parentheses and signs of an SQL92 expression go, at most.</summary>
    [Range(1, 500)]
    public int MaxFilterDepth { get; set; } = 100;

    /// <summary>Steps and list entries of an SQL92 expression, at most.</summary>
    [Range(4, 100_000)]
    public int MaxFilterNodes { get; set; } = 8192;

    /// <summary>SQL92 expressions whose filters are kept for the next time.</summary>
    [Range(1, 100_000)]
    public int MaxKnownFilters { get; set; } = 256;

    /// <summary>SQL92 expressions of groups that are kept in <c>consumerFilter.json</c>, at most: one a group and topic.</summary>
    [Range(1, 1_000_000)]
    public int MaxGroupFilters { get; set; } = 10_000;

    /// <summary>How long the expression of a group is kept in that file once it has no members.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan GroupFilterRetention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Whether an SQL92 subscription of a retry topic takes the expression of the topic that a message came from.</summary>
    public bool FilterRetries { get; set; }

    /// <summary>What holds when members of a group want different things of a topic.</summary>
    public DifferentSubscriptions DifferentSubscriptions { get; set; } = DifferentSubscriptions.EachItsOwn;

    /// <summary>Whether queue entries get an extension (<c>consumequeue_ext</c>); a directory that has one keeps it.</summary>
    public bool ConsumeQueueExtension { get; set; }

    /// <summary>Bytes of a file of that extension; a directory that has some keeps their size.</summary>
    [Range(1 << 16, 1 << 30)]
    public int ConsumeQueueExtensionFileSize { get; set; } = 48 << 20;

    /// <summary>Whether messages are found by their keys and unique keys.</summary>
    public bool IndexEnabled { get; set; } = true;

    /// <summary>Hash slots of a key index file; for a directory without any.</summary>
    [Range(1, 50_000_000)]
    public int IndexSlots { get; set; } = 5_000_000;

    /// <summary>Entries of a key index file; for a directory without any.</summary>
    [Range(2, 95_000_000)]
    public int IndexEntries { get; set; } = 20_000_000;

    /// <summary>Key index files that are kept mapped for queries, besides the one that is written.</summary>
    [Range(1, 10_000)]
    public int MaxMappedIndexFiles { get; set; } = 4;

    /// <summary>Whether a record goes to the light queues that its property <c>INNER_MULTI_DISPATCH</c> names, as with Apache's enableLmq and enableMultiDispatch.</summary>
    public bool MultiDispatch { get; set; }

    /// <summary>Light queues, at most: each topic filter of MQTT sessions that outlive their connections has one.</summary>
    [Range(1, 50_000_000)]
    public int MaxLightQueues { get; set; } = 2_000_000;

    /// <summary>
    /// Whether gateways of other processes may keep sessions of MQTT clients on this broker. A gateway that this broker is part of, and
    /// that keeps sessions itself, sets it to false: neither would hear of what the other one changes.
    /// </summary>
    public bool RemoteSessions { get; set; } = true;

    /// <summary>Entries of one light queue, at most; the oldest are dropped at a checkpoint.</summary>
    [Range(1, long.MaxValue)]
    public long MaxLightQueueEntries { get; set; } = 1_000_000;

    /// <summary>Bytes of the blocks of all light queues, at most; dispatch waits, as for a full disk, when they do not suffice.</summary>
    [Range(1L << 20, 1L << 38)]
    public long MaxLightQueueBytes { get; set; } = 8L << 30;

    /// <summary>Bytes of a file of such blocks, a multiple of 4096. A directory that has some keeps their size.</summary>
    [Range(4096, 1 << 30)]
    public int LightQueueFileSize { get; set; } = 64 << 20;

    /// <summary>Gateways of other processes that watch queues of topic filters, at most.</summary>
    [Range(1, 100_000)]
    public int MaxFilterWatches { get; set; } = 256;

    /// <summary>Queues of topic filters that all of them watch together, at most.</summary>
    [Range(1, 100_000_000)]
    public int MaxWatchedFilters { get; set; } = 4_000_000;

    /// <summary>Queries by key at a time, at most.</summary>
    [Range(1, 10_000)]
    public int MaxQueries { get; set; } = 16;

    /// <summary>Messages of one query by key, at most.</summary>
    [Range(1, 65536)]
    public int MaxQueryMessages { get; set; } = 64;

    /// <summary>Bytes of records of one query by key, at most (but always one message).</summary>
    [Range(1024, 64 * 1024 * 1024)]
    public int MaxQueryBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Index entries that one query by key looks at, at most: what is older is not found by it.</summary>
    [Range(1, int.MaxValue)]
    public int MaxQueryEntries { get; set; } = 100_000;

    /// <summary>Pulls that wait for messages, at most.</summary>
    [Range(1, 10_000_000)]
    public int MaxHeldPulls { get; set; } = 100_000;

    /// <summary>Longest time a pull is held.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan MaxPullHold { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often progress of groups is written to disk.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan OffsetFlushInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a client that sends no heartbeat stays a member.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ClientExpiry { get; set; } = TimeSpan.FromSeconds(120);

    /// <summary>How long a queue lock is held without being renewed.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan QueueLockLease { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often name servers are asked whether they know the topics as they are; those that do not are told all.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan RegisterInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a name server may take to answer; the others do not wait for it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan RegisterTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Time between two changes of topics that a name server is told, at least: those in between are told together.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan RegisterDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>The longest pause before a name server that is absent is tried again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan MaxRegisterBackOff { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often name servers are told that the broker lives.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>After what silence name servers shall forget the broker; 0: as they are configured (usually 120 s).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan HeartbeatTimeout { get; set; }

    /// <summary>Topics of one frame when all are registered, at most.</summary>
    [Range(2, 1_000_000)]
    public int SplitRegistrationSize { get; set; } = 10_000;

    /// <summary>Whether registrations are compressed.</summary>
    public bool CompressedRegister { get; set; }

    /// <summary>Whether changed topics are registered one by one (code 217): for name servers with deleteTopicWithBrokerRegistration.</summary>
    public bool SingleTopicRegister { get; set; }

    /// <summary>The zone the broker is in: clients may ask for the brokers of a zone. Empty for none.</summary>
    [RegularExpression("^[a-zA-Z0-9_.-]{0,127}$")]
    public string Zone { get; set; } = string.Empty;

    /// <summary>Whether name servers may let a replica of this set stand in for its master.</summary>
    public bool ActingMaster { get; set; }

    /// <summary>How long after a change of topics <c>topics.json</c> is written; until then a journal has the change.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan TopicFileInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The delays of the levels, from level 1.</summary>
    [Required]
    public string MessageDelayLevel { get; set; } = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

    /// <summary>How long the tombstone of a removed key of a compacted topic is kept, at least: readers that are further behind do not see it.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "3650.00:00:00")]
    public TimeSpan CompactionTombstoneTime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Keys of a compacted topic from which messages of new ones are refused. A key takes 20 to 24 bytes of memory.</summary>
    [Range(1, 1_000_000_000)]
    public long MaxKeysPerTopic { get; set; } = 10_000_000;

    /// <summary>Files of compacted records that are held open at a time.</summary>
    [Range(4, 100_000)]
    public int MaxOpenCompactedFiles { get; set; } = 256;

    /// <summary>Whether messages may ask for a time of delivery. Those that wait already are delivered either way.</summary>
    public bool TimersEnabled { get; set; } = true;

    /// <summary>How exact times of delivery are: a message comes at its time or at most this much later.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan TimerPrecision { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How far ahead a time of delivery may be.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan TimerMaxDelay { get; set; } = TimeSpan.FromDays(60);

    /// <summary>Messages that wait longer are written again after this time, so that the log before them can go.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "6.00:00:00")]
    public TimeSpan TimerRollWindow { get; set; } = TimeSpan.FromDays(2);

    /// <summary>Messages for one moment (of <see cref="TimerPrecision"/>) beyond which some are refused, and all beyond twice as many.</summary>
    [Range(1, int.MaxValue)]
    public int MaxTimersPerSlot { get; set; } = int.MaxValue;

    /// <summary>Messages that wait for their time, at most.</summary>
    [Range(1, long.MaxValue)]
    public long MaxTimers { get; set; } = 50_000_000;

    /// <summary>Of a hundred pops, how many look into the retry topic before the topic; the others look into it when there is room left.</summary>
    [Range(0, 100)]
    public int PopFromRetryProbability { get; set; } = 20;

    /// <summary>Whether popped messages that come back go to <c>%RETRY%group+topic</c>, instead of <c>%RETRY%group_topic</c>.</summary>
    public bool PopRetryTopicV2 { get; set; }

    /// <summary>With <see cref="PopRetryTopicV2"/>: whether what is in the retry topics of the first form is popped still.</summary>
    public bool PopReadRetryTopicV1 { get; set; } = true;

    /// <summary>Whether popped messages that come back are shown under the name of their retry topic, instead of their first topic.</summary>
    public bool PopActualRetryTopic { get; set; }

    /// <summary>Queues of the topic that has the account of popped messages.</summary>
    [Range(1, 999)]
    public int ReviveQueues { get; set; } = 8;

    /// <summary>Pops whose messages are not all acknowledged (checkpoints), at most: beyond it pops get nothing.</summary>
    [Range(1, 100_000_000)]
    public int MaxPopCheckpoints { get; set; } = 1_000_000;

    /// <summary>Popped messages of a queue that a group has not acknowledged, at most: beyond it the queue gives it nothing more.</summary>
    [Range(1, 100_000_000)]
    public int MaxPopInFlight { get; set; } = 100_000;

    /// <summary>Pops and notifications that wait for messages, at most.</summary>
    [Range(1, 10_000_000)]
    public int MaxPopWaits { get; set; } = 100_000;

    /// <summary>Pops, and notifications, of one group that wait for the same queue (or for any), at most.</summary>
    [Range(1, 1_000_000)]
    public int MaxPopWaitsPerQueue { get; set; } = 1024;

    /// <summary>Topics of groups for which is kept whether they pull or pop, at most.</summary>
    [Range(1, 10_000_000)]
    public int MaxRequestModes { get; set; } = 100_000;

    /// <summary>How long is kept which queues of a topic other brokers have, before a name server is asked again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan RouteInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Topics of which is kept which queues other brokers have, at most; of others it is asked each time.</summary>
    [Range(1, 10_000_000)]
    public int MaxRoutes { get; set; } = 20_000;

    /// <summary>Whether half messages of transactions are refused.</summary>
    public bool RejectTransactions { get; set; }

    /// <summary>How old a transaction is at least when its producer is asked about it; a message's CHECK_IMMUNITY_TIME_IN_SECONDS goes before it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan TransactionTimeout { get; set; } = TimeSpan.FromSeconds(6);

    /// <summary>How often it is looked for transactions that are to be asked about.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan TransactionCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a producer is asked about a transaction before it is put aside.</summary>
    [Range(1, 10_000)]
    public int TransactionCheckMax { get; set; } = 15;

    /// <summary>Transactions that producers are asked about in a second, at most.</summary>
    [Range(1, 1_000_000)]
    public int MaxTransactionChecksPerSecond { get; set; } = 1_000;

    /// <summary>Transactions that have not ended, at most; beyond it half messages are refused as busy.</summary>
    [Range(1, 100_000_000)]
    public int MaxOpenTransactions { get; set; } = 1_000_000;

    /// <summary>Whether replies are stored in the topic of replies, besides being handed to the client that asked.</summary>
    public bool StoreReplies { get; set; } = true;

    /// <summary>How long a client has to take a reply.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan ReplyTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether the topic of message traces is there from the start; clients may create it by sending in any case, where sending creates topics.</summary>
    public bool TraceTopic { get; set; }
    /// <summary>What of a message's way is allowed on this broker: read 4, write 2. Topics can only narrow it.</summary>
    [Range(0, 6)]
    public int Permission { get; set; } = 6;

    /// <summary>Counters by topic and group for RocketMQ's tools; what finds no room is not counted. One takes about 1.5 KiB.</summary>
    [Range(16, 10_000_000)]
    public int MaxStatistics { get; set; } = 10_000;

    /// <summary>
    /// Series of one metric that has RocketMQ's name: topics, or groups with their topics. Further ones are left out, and a metric
    /// tells how many. 0: there are no such metrics by topic or group.
    /// </summary>
    [Range(0, 1_000_000)]
    public int MaxMetricSeries { get; set; } = 1_000;

    /// <summary>Topics that were deleted and whose messages are still in the log; one more is not deleted.</summary>
    [Range(1, 10_000_000)]
    public int MaxDeletedTopics { get; set; } = 20_000;

    /// <summary>Queues of groups whose progress an operator set and that have not been read since.</summary>
    [Range(1, 100_000_000)]
    public int MaxOffsetResets { get; set; } = 100_000;

    /// <summary>How long a client may take to answer what an operator asks it through the broker.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan ClientAnswerTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Queues of a dead-letter topic.</summary>
    [Range(1, 64)]
    public int DeadLetterQueues { get; set; } = 1;

    /// <summary>Most connections.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 20_000;

    /// <summary>Limits of each remoting connection.</summary>
    public RemotingOptions Remoting { get; set; } = new();
}
