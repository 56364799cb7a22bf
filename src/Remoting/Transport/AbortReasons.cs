namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Why a connection is ended by us, in words that are always the same: they are a tag of a metric, too.</summary>
internal static class AbortReasons
{
    public const string ShuttingDown = "shutting down";
    public const string Stalled = "the peer does not read";
    public const string Overfull = "the peer asks and does not read";
    public const string SlowFrame = "a frame takes too long to arrive";
    public const string Idle = "nothing was said for too long";

    private static readonly KeyValuePair<string, object?>[] Known =
        [Tag("shutdown"), Tag("stalled"), Tag("overfull"), Tag("slow_frame"), Tag("idle"), Tag("broken")];

    /// <summary>The tag of a reason; all that name what was wrong with the bytes or the transport are one.</summary>
    public static KeyValuePair<string, object?> TagOf(string reason) => Known[reason switch
    {
        ShuttingDown => 0,
        Stalled => 1,
        Overfull => 2,
        SlowFrame => 3,
        Idle => 4,
        _ => 5,
    }];

    private static KeyValuePair<string, object?> Tag(string reason) => new("reason", reason);
}
