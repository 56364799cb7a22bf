using System.Globalization;

namespace ProtoBridgeMQ.NameServer.Settings;

/// <summary>The settings that may change while the name server runs, at one moment.</summary>
public sealed record SettingValues
{
    /// <summary>Whether anybody may ask for the names of all topics.</summary>
    public bool EnableAllTopicList { get; init; }

    /// <summary>Whether anybody may ask for the topics of a cluster or a unit.</summary>
    public bool EnableTopicList { get; init; }

    /// <summary>Whether brokers are told the configuration of ordered topics.</summary>
    public bool ReturnOrderTopicConfigToBroker { get; init; }

    /// <summary>Whether routes carry the configuration of ordered topics.</summary>
    public bool OrderMessageEnable { get; init; }

    /// <summary>Whether a replica is told to clients as master while its set has none.</summary>
    public bool SupportActingMaster { get; init; }

    /// <summary>Whether brokers are told when another of their set has the lowest id.</summary>
    public bool NotifyMinBrokerIdChanged { get; init; }

    /// <summary>Whether topics that a registration does not name are taken from its broker.</summary>
    public bool DeleteTopicWithBrokerRegistration { get; init; }

    /// <summary>Whether routes are refused for a time after the start.</summary>
    public bool NeedWaitForService { get; init; }

    /// <summary>For how long, in seconds.</summary>
    public int WaitSecondsForService { get; init; }

    /// <summary>The values that the options give.</summary>
    public static SettingValues Of(NameServerOptions options) => new()
    {
        EnableAllTopicList = options.EnableAllTopicList,
        EnableTopicList = options.EnableTopicList,
        ReturnOrderTopicConfigToBroker = options.ReturnOrderTopicConfigToBroker,
        OrderMessageEnable = options.OrderMessageEnable,
        SupportActingMaster = options.SupportActingMaster,
        NotifyMinBrokerIdChanged = options.NotifyMinBrokerIdChanged,
        DeleteTopicWithBrokerRegistration = options.DeleteTopicWithBrokerRegistration,
        NeedWaitForService = options.NeedWaitForService,
        WaitSecondsForService = options.WaitSecondsForService,
    };

    /// <summary>The values with one of another value; null for a name that nobody knows.</summary>
    /// <exception cref="FormatException">The value cannot be.</exception>
    public SettingValues? With(string name, string value) => name switch
    {
        "enableAllTopicList" => this with { EnableAllTopicList = YesNo(name, value) },
        "enableTopicList" => this with { EnableTopicList = YesNo(name, value) },
        "returnOrderTopicConfigToBroker" => this with { ReturnOrderTopicConfigToBroker = YesNo(name, value) },
        "orderMessageEnable" => this with { OrderMessageEnable = YesNo(name, value) },
        "supportActingMaster" => this with { SupportActingMaster = YesNo(name, value) },
        "notifyMinBrokerIdChanged" => this with { NotifyMinBrokerIdChanged = YesNo(name, value) },
        "deleteTopicWithBrokerRegistration" => this with { DeleteTopicWithBrokerRegistration = YesNo(name, value) },
        "needWaitForService" => this with { NeedWaitForService = YesNo(name, value) },
        "waitSecondsForService" => this with { WaitSecondsForService = Seconds(name, value) },
        _ => null,
    };

    /// <summary>All by name.</summary>
    public SortedDictionary<string, string> All() => new(StringComparer.Ordinal)
    {
        ["enableAllTopicList"] = Text(EnableAllTopicList),
        ["enableTopicList"] = Text(EnableTopicList),
        ["returnOrderTopicConfigToBroker"] = Text(ReturnOrderTopicConfigToBroker),
        ["orderMessageEnable"] = Text(OrderMessageEnable),
        ["supportActingMaster"] = Text(SupportActingMaster),
        ["notifyMinBrokerIdChanged"] = Text(NotifyMinBrokerIdChanged),
        ["deleteTopicWithBrokerRegistration"] = Text(DeleteTopicWithBrokerRegistration),
        ["needWaitForService"] = Text(NeedWaitForService),
        ["waitSecondsForService"] = WaitSecondsForService.ToString(CultureInfo.InvariantCulture),
    };

    private static string Text(bool value) => value ? "true" : "false";

    private static bool YesNo(string name, string value) =>
        bool.TryParse(value, out var yes) ? yes : throw new FormatException($"{name} is true or false, not '{value}'");

    private static int Seconds(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 3600
            ? seconds
            : throw new FormatException($"{name} is a number from 0 to 3600, not '{value}'");
}
