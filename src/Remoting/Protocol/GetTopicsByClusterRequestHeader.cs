using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for the topics of a cluster (code 224).</summary>
public readonly record struct GetTopicsByClusterRequestHeader : IHeaderWriter, IHeaderReader<GetTopicsByClusterRequestHeader>
{
    /// <summary>The cluster.</summary>
    public required string Cluster { get; init; }

    /// <inheritdoc/>
    public static GetTopicsByClusterRequestHeader Read(HeaderFields fields) => new()
    {
        Cluster = fields.GetString("cluster"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("cluster"u8, Cluster);
    }
}
