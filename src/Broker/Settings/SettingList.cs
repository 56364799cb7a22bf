using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Broker.Settings;

/// <summary>The settings of this broker that have a name in RocketMQ.</summary>
internal static class SettingList
{
    private const double Second = 1000;
    private const double Hour = 3_600_000;

    /// <summary>By RocketMQ's name.</summary>
    public static IReadOnlyDictionary<string, BrokerSetting> All { get; } = Changeable().Concat(FixedOnes()).ToDictionary(static setting => setting.Name, StringComparer.Ordinal);

    private static IEnumerable<BrokerSetting> Changeable() =>
    [
        BrokerSetting.Switch("autoCreateTopicEnable", nameof(BrokerOptions.AutoCreateTopics), static o => o.AutoCreateTopics),
        BrokerSetting.Switch("autoCreateSubscriptionGroup", nameof(BrokerOptions.AutoCreateGroups), static o => o.AutoCreateGroups),
        BrokerSetting.Number("brokerPermission", nameof(BrokerOptions.Permission), static o => o.Permission),
        BrokerSetting.Number("maxTransferCountOnMessageInMemory", nameof(BrokerOptions.MaxPullMessages), static o => o.MaxPullMessages),
        BrokerSetting.Number("maxTransferBytesOnMessageInMemory", nameof(BrokerOptions.MaxPullBytes), static o => o.MaxPullBytes),
        BrokerSetting.Time("flushConsumerOffsetInterval", nameof(BrokerOptions.OffsetFlushInterval), 1, static o => o.OffsetFlushInterval),
        BrokerSetting.Time("flushDelayOffsetInterval", nameof(BrokerOptions.OffsetFlushInterval), 1, static o => o.OffsetFlushInterval),
        BrokerSetting.Time("channelExpiredTimeout", nameof(BrokerOptions.ClientExpiry), 1, static o => o.ClientExpiry),
        BrokerSetting.Time("fileReservedTime", nameof(BrokerOptions.RetentionTime), Hour, static o => o.RetentionTime),
        BrokerSetting.Percent("diskMaxUsedSpaceRatio", nameof(BrokerOptions.CleanWatermark), static o => o.CleanWatermark),
        BrokerSetting.Time("timerMaxDelaySec", nameof(BrokerOptions.TimerMaxDelay), Second, static o => o.TimerMaxDelay),
    ];

    private static IEnumerable<BrokerSetting> FixedOnes() =>
    [
        BrokerSetting.Fixed("brokerName", static o => o.Name),
        BrokerSetting.Fixed("brokerClusterName", static o => o.Cluster),
        BrokerSetting.Fixed("brokerId", static o => o.BrokerId),
        BrokerSetting.Fixed("brokerRole", static _ => "ASYNC_MASTER"),
        BrokerSetting.Fixed("brokerIP1", static o => o.Advertise.Length > 0 ? o.Advertise : o.Listen),
        BrokerSetting.Fixed("listenPort", static o => o.Port),
        BrokerSetting.Fixed("namesrvAddr", static o => o.NameServers),
        BrokerSetting.Fixed("storePathRootDir", static o => Path.GetFullPath(o.DataDirectory)),
        BrokerSetting.Fixed("storePathCommitLog", static o => Path.Combine(Path.GetFullPath(o.DataDirectory), "commitlog")),
        BrokerSetting.Fixed("mappedFileSizeCommitLog", static o => o.CommitLogFileSize),
        BrokerSetting.Fixed("flushDiskType", static o => o.Flush == FlushMode.Fsync ? "SYNC_FLUSH" : "ASYNC_FLUSH"),
        BrokerSetting.Fixed("maxMessageSize", static o => o.MaxBodySize),
        BrokerSetting.Fixed("messageDelayLevel", static o => o.MessageDelayLevel),
        BrokerSetting.Fixed("defaultTopicQueueNums", static o => o.DefaultQueues),
        BrokerSetting.Fixed("messageIndexEnable", static o => o.IndexEnabled),
        BrokerSetting.Fixed("maxHashSlotNum", static o => o.IndexSlots),
        BrokerSetting.Fixed("maxIndexNum", static o => o.IndexEntries),
        BrokerSetting.Fixed("defaultQueryMaxNum", static o => o.MaxQueryMessages),
        BrokerSetting.Fixed("enabledAppendPropCRC", static o => o.RecordCrc),
        BrokerSetting.Fixed("timerWheelEnable", static o => o.TimersEnabled),
        BrokerSetting.Fixed("timerPrecisionMs", static o => (long)o.TimerPrecision.TotalMilliseconds),
        BrokerSetting.Fixed("registerNameServerPeriod", static o => (long)o.RegisterInterval.TotalMilliseconds),
        BrokerSetting.Fixed("useServerSideResetOffset", static _ => true),
        BrokerSetting.Fixed("slaveReadEnable", static _ => false),
        BrokerSetting.Fixed("traceOn", static _ => true),
        BrokerSetting.Fixed("traceTopicEnable", static _ => false),
        BrokerSetting.Fixed("useTLS", static _ => false),
        BrokerSetting.Fixed("msgTraceTopicName", static _ => "RMQ_SYS_TRACE_TOPIC"),
        BrokerSetting.Fixed("filterServerNums", static _ => 0),
        BrokerSetting.Fixed("autoDeleteUnusedStats", static _ => true),
    ];
}
