using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>What follows from a setting that changed at run time, beyond the option that everybody reads.</summary>
internal sealed class SettingEffects(BrokerOptions options, MessageStore store, BrokerTables tables, ITimer flusher)
{
    /// <summary>After a change of these settings.</summary>
    public void Apply(IReadOnlyCollection<string> names)
    {
        store.Options.RetentionTime = options.RetentionTime;
        store.Options.CleanWatermark = options.CleanWatermark;
        store.Options.TimerMaxDelay = options.TimerMaxDelay;
        foreach (string name in names)
        {
            switch (name)
            {
                case "flushConsumerOffsetInterval" or "flushDelayOffsetInterval":
                    flusher.Change(options.OffsetFlushInterval, options.OffsetFlushInterval);
                    break;
                case "autoCreateTopicEnable" when options.AutoCreateTopics:
                    tables.Topics.AddDefault();
                    break;
                case "brokerPermission":
                    tables.Topics.TellAgain();
                    break;
            }
        }
    }
}
