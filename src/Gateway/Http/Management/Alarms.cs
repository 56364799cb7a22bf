using System.Globalization;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>What needs to be looked after.</summary>
internal static class Alarms
{
    private const string Critical = "critical";
    private const string Warning = "warning";

    public static IReadOnlyList<Alarm> Of(BridgeStatus status, IReadOnlyList<BrokerState> brokers, LagWatch lag)
    {
        List<Alarm> alarms = [];
        if ((!status.CanPublish || !status.CanReceive) && brokers.All(broker => broker.CanWrite))
            alarms.Add(new Alarm("unreachable", Critical, status.Reason ?? "Messages cannot be published or received."));

        foreach (BrokerState broker in brokers)
            AddBroker(broker, alarms);

        if (lag.Grows)
            alarms.Add(new Alarm("growing-lag", Warning, $"Groups have {Text(lag.Lag.Total)} messages before them, more than a minute ago."));

        if (lag.DeadLetters.Count > 0)
        {
            string groups = string.Join(", ", lag.DeadLetters.Take(5).Select(group => $"{group.Group} ({Text(group.Count)})"));
            alarms.Add(new Alarm("dead-letters", Warning, $"Dead letters came within the last hour: {groups}{(lag.DeadLetters.Count > 5 ? " and others" : string.Empty)}."));
        }

        return [.. alarms.OrderBy(alarm => alarm.Severity, StringComparer.Ordinal)];
    }

    private static void AddBroker(BrokerState broker, List<Alarm> alarms)
    {
        string reason = broker.Reason is null ? string.Empty : $": {broker.Reason}";
        if (broker.Disk is { } disk && disk.UsedShare >= disk.RefuseWatermark)
            alarms.Add(new Alarm("disk-full", Critical, $"The disk of broker {broker.Name} is {Share(disk.UsedShare)} full; messages are refused from {Share(disk.RefuseWatermark)}{reason}."));
        else if (!broker.CanWrite)
            alarms.Add(new Alarm("read-only", Critical, $"Broker {broker.Name} takes no messages{reason}."));
        else if (broker.Disk is { } filling && filling.UsedShare >= filling.CleanWatermark)
            alarms.Add(new Alarm("disk-near-full", Warning, $"The disk of broker {broker.Name} is {Share(filling.UsedShare)} full; old messages are deleted before their time."));
        else if (broker.Reason is not null)
            alarms.Add(new Alarm("store", Warning, $"Broker {broker.Name}{reason}."));

        if (broker.NameServersReached < broker.NameServers)
            alarms.Add(new Alarm("name-server-lost", Warning, $"{broker.NameServers - broker.NameServersReached} of {broker.NameServers} name servers do not answer broker {broker.Name}."));
    }

    private static string Share(double share) => share.ToString("P0", CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
