using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>The tables of a broker and their files under <c>config/</c>.</summary>
internal sealed class BrokerTables
{
    public BrokerTables(BrokerOptions options, IFileSystem files, TimeProvider time, ILoggerFactory loggers)
    {
        TableFile File(string name) => new(files, Path.Combine(options.DataDirectory, "config", name));
        Topics = new TopicTable(options, File("topics.json"), time);
        Settings = new SubscriptionGroupTable(options, File("subscriptionGroup.json"), time);
        Consumers = new ConsumerTable(options, Settings, Topics, time);
        Producers = new ProducerTable(options, time);
        Offsets = new OffsetTable();
        OffsetFlush = new OffsetFlush(Offsets, File("consumerOffset.json"), time, loggers.CreateLogger<OffsetFlush>());
        OffsetFlush.Load();
        DelayFile = File("delayOffset.json");
    }

    public TopicTable Topics { get; }

    public SubscriptionGroupTable Settings { get; }

    public ConsumerTable Consumers { get; }

    public ProducerTable Producers { get; }

    public OffsetTable Offsets { get; }

    public OffsetFlush OffsetFlush { get; }

    public TableFile DelayFile { get; }
}
