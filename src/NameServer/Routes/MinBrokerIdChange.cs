namespace ProtoBridgeMQ.NameServer.Routes;

/// <summary>The brokers of a set are to be told that another one has the lowest id.</summary>
/// <param name="BrokerName">The broker set's name.</param>
/// <param name="MinId">The lowest id.</param>
/// <param name="MinAddress">The address of the broker with it.</param>
/// <param name="OfflineAddress">The address that went, when one did.</param>
/// <param name="HaAddress">Where replicas of a new one connect.</param>
/// <param name="Recipients">Who is told.</param>
public sealed record MinBrokerIdChange(
    string BrokerName, long MinId, string MinAddress, string? OfflineAddress, string? HaAddress, IReadOnlyList<string> Recipients);
