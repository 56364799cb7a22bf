using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Delay;
using ProtoBridgeMQ.Broker.Filters;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Settings;
using ProtoBridgeMQ.Broker.Pop;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Store.Files;

namespace ProtoBridgeMQ.Broker.Core;

/// <summary>The tables of a broker and their files under <c>config/</c>.</summary>
internal sealed class BrokerTables
{
    private const string TopicsName = "topics.json";
    private const string GroupsName = "subscriptionGroup.json";
    private const string OffsetsName = "consumerOffset.json";
    private const string DelaysName = "delayOffset.json";
    private const string DeletedName = "deletedTopics.json";
    private const string SettingsName = "broker.properties";
    private const string OrdersName = "consumerOrderInfo.json";
    private const string ModesName = "messageRequestMode.json";
    private const string FiltersName = "consumerFilter.json";

    public BrokerTables(BrokerOptions options, IFileSystem files, TimeProvider time, ILoggerFactory loggers)
    {
        Compiler = new FilterCompiler(options);
        Topics = new TopicTable(options, File(options, files, TopicsName), time);
        Settings = new SubscriptionGroupTable(options, File(options, files, GroupsName), time);
        Filters = new GroupFilters(options, Compiler, File(options, files, FiltersName), time, loggers.CreateLogger<GroupFilters>());
        Filters.Load();
        Watch = new SubscriptionWatch(loggers.CreateLogger<SubscriptionWatch>());
        Consumers = new ConsumerTable(options, Settings, Topics, Filters, Watch, time);
        Producers = new ProducerTable(options, time);
        Offsets = new OffsetTable();
        OffsetFlush = new OffsetFlush(Offsets, File(options, files, OffsetsName), time, loggers.CreateLogger<OffsetFlush>());
        OffsetFlush.Load();
        DelayFile = File(options, files, DelaysName);
        Deleted = new DeletedTopics(options, File(options, files, DeletedName));
        OrderFile = File(options, files, OrdersName);
        Modes = new RequestModeTable(options, File(options, files, ModesName));
    }

    public FilterCompiler Compiler { get; }

    public GroupFilters Filters { get; }

    public SubscriptionWatch Watch { get; }

    public TopicTable Topics { get; }

    public SubscriptionGroupTable Settings { get; }

    public ConsumerTable Consumers { get; }

    public ProducerTable Producers { get; }

    public OffsetTable Offsets { get; }

    public OffsetFlush OffsetFlush { get; }

    public TableFile DelayFile { get; }

    public DeletedTopics Deleted { get; }

    public OffsetResets Resets { get; } = new();
    public TableFile OrderFile { get; }

    public RequestModeTable Modes { get; }

    /// <summary>Reads every table and forgets it: a start that must fail for one of them fails before the store is opened.</summary>
    /// <exception cref="Store.StoreUnusableException">A table and its backup cannot be read.</exception>
    public static void Check(BrokerOptions options, IFileSystem files, int delayLevels, ILoggerFactory loggers)
    {
        var repairs = new TableRepairs(loggers.CreateLogger<TableRepairs>());
        TableFile Table(string name) => File(options, files, name);
        repairs.Check(Table(TopicsName), static text => TopicFile.Parse(text));
        repairs.Check(Table(GroupsName), static text => SubscriptionGroupFile.Parse(text));
        var offsets = new OffsetTable();
        repairs.Check(Table(OffsetsName), text => OffsetFile.Parse(text, offsets) ? offsets : null);
        repairs.Check(Table(DelaysName), text => DelayOffsetFile.Parse(text, delayLevels));
        repairs.Check(Table(DeletedName), DeletedTopics.Parse);
        repairs.Check(Table(SettingsName), static text => BrokerSettings.Parse(text));
        repairs.Check(Table(OrdersName), static text => PopOrderFile.Parse(text));
        repairs.Check(Table(ModesName), static text => RequestModeFile.Parse(text));
        repairs.Check(Table(FiltersName), static text => GroupFilterFile.Parse(text));
    }

    /// <summary>Reads the settings that were changed at run time into the options.</summary>
    public static BrokerSettings LoadSettings(BrokerOptions options, IFileSystem files, TimeProvider time) =>
        BrokerSettings.Load(options, File(options, files, SettingsName), time);

    private static TableFile File(BrokerOptions options, IFileSystem files, string name) =>
        new(files, Path.Combine(options.DataDirectory, "config", name));
}
