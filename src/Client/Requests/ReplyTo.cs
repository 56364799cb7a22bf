namespace ProtoBridgeMQ.Client.Requests;

/// <summary>Whom a reply is for, as the request said it.</summary>
/// <param name="Cluster">The cluster that took the request.</param>
/// <param name="CorrelationId">Names the request.</param>
/// <param name="Client">The client that waits.</param>
/// <param name="TimeToLive">Milliseconds that it waits, as text.</param>
internal sealed record ReplyTo(string Cluster, string CorrelationId, string Client, string TimeToLive)
{
    /// <summary>The topic that replies go to.</summary>
    public string Topic => TopicOf(Cluster);

    /// <summary>The topic of a cluster that replies go to.</summary>
    public static string TopicOf(string cluster) => cluster + "_REPLY_TOPIC";
}
