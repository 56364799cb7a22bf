using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Answer: filters in the body, each a length of two bytes and UTF-8 (code 700004).</summary>
public readonly record struct ListFilterQueuesResponseHeader : IHeaderWriter, IHeaderReader<ListFilterQueuesResponseHeader>
{
    /// <summary>Filters of all parts.</summary>
    public required int Total { get; init; }

    /// <inheritdoc/>
    public static ListFilterQueuesResponseHeader Read(HeaderFields fields) => new() { Total = fields.GetInt32("total"u8) };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields) => fields.Add("total"u8, Total);
}
