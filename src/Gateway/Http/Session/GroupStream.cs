using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>Who shares a stream: receivers of one group on one topic with one filter.</summary>
/// <param name="Topic">Topic.</param>
/// <param name="Group">Group.</param>
/// <param name="Filter">Tag expression, or <see cref="AnyFilter"/>.</param>
/// <param name="Sql">SQL92 expression instead; null for none.</param>
internal readonly record struct GroupStreamKey(string Topic, string Group, string Filter, string? Sql = null)
{
    /// <summary>The request named no filter: the group's, whatever it is.</summary>
    public const string AnyFilter = "";

    /// <summary>Whether the request named none.</summary>
    public bool TakesAnyFilter => Filter.Length == 0 && Sql is null;

    /// <summary>What access control judges: an SQL92 expression may let every tag through.</summary>
    public string Judged => Sql is not null ? "*" : Filter;
}

/// <summary>
/// A stream of a group that outlives its requests: deliveries are settled by later requests, through the number in
/// their receipts. One request at a time receives from it. Its fields are guarded by <see cref="GroupStreams"/>.
/// </summary>
internal sealed class GroupStream(long number, GroupStreamKey key, IMessageStream messages)
{
    public long Number { get; } = number;

    public GroupStreamKey Key { get; } = key;

    public IMessageStream Messages { get; } = messages;

    /// <summary>Deliveries handed out and not settled, as far as this front knows; leases may have run out.</summary>
    public int Open { get; set; }

    /// <summary>When the last lease handed out runs out, as a timestamp of the clock.</summary>
    public DateTimeOffset LeasedUntil { get; set; }

    public DateTimeOffset LastUsed { get; set; }

    public bool IsReceiving { get; set; }

    /// <summary>Whether it holds a delivery that may still be settled.</summary>
    public bool HoldsLease(DateTimeOffset now) => Open > 0 && LeasedUntil > now;
}
