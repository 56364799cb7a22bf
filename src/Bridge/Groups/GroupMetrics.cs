using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>What is counted of group consumption; meter <c>ProtoBridgeMQ.Bridge</c>.</summary>
internal static class GroupMetrics
{
    private static readonly Meter Meter = new("ProtoBridgeMQ.Bridge");

    public static Counter<long> Delivered { get; } =
        Meter.CreateCounter<long>("protobridge.group.delivered", "{message}", "Messages handed to streams of groups.");

    public static Counter<long> Accepted { get; } =
        Meter.CreateCounter<long>("protobridge.group.accepted", "{message}", "Deliveries settled as handled.");

    public static Counter<long> SentBack { get; } =
        Meter.CreateCounter<long>("protobridge.group.sent_back", "{message}", "Deliveries that come again.");

    public static Counter<long> LeasesExpired { get; } =
        Meter.CreateCounter<long>("protobridge.group.leases_expired", "{message}", "Deliveries whose lease ran out.");

    public static Counter<long> DeadLettered { get; } =
        Meter.CreateCounter<long>("protobridge.group.dead_lettered", "{message}", "Deliveries that a stream gave to the dead letters.");

    public static Counter<long> Missed { get; } =
        Meter.CreateCounter<long>("protobridge.group.missed", "{message}", "Messages that were deleted before the group read them.");

    public static Counter<long> QueuesTaken { get; } =
        Meter.CreateCounter<long>("protobridge.group.queues_taken", "{queue}", "Queues that this member took over in a group's assignments.");

    public static Counter<long> QueuesGivenUp { get; } =
        Meter.CreateCounter<long>("protobridge.group.queues_given_up", "{queue}", "Queues that this member gave up to others.");

    public static UpDownCounter<long> Consumers { get; } =
        Meter.CreateUpDownCounter<long>("protobridge.group.consumers", "{group}", "Groups that this gateway is a member of.");
}
