using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Takes a topic out of the routes (code 216).</summary>
public readonly record struct DeleteTopicFromNameServerRequestHeader : IHeaderWriter, IHeaderReader<DeleteTopicFromNameServerRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The cluster; absent: of all clusters.</summary>
    public string? ClusterName { get; init; }

    /// <inheritdoc/>
    public static DeleteTopicFromNameServerRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        ClusterName = fields.GetStringOrNull("clusterName"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("topic"u8, Topic);
        fields.Add("clusterName"u8, ClusterName);
    }
}
