using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>How many routes were changed.</summary>
public readonly record struct AddWritePermOfBrokerResponseHeader : IHeaderWriter, IHeaderReader<AddWritePermOfBrokerResponseHeader>
{
    /// <summary>Topics of the broker.</summary>
    public required int AddTopicCount { get; init; }

    /// <inheritdoc/>
    public static AddWritePermOfBrokerResponseHeader Read(HeaderFields fields) => new()
    {
        AddTopicCount = fields.GetInt32("addTopicCount"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("addTopicCount"u8, AddTopicCount);
    }
}
