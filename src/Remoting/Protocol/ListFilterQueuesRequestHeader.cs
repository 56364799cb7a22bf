using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for one of several parts of the filters that have a queue (code 700004).</summary>
public readonly record struct ListFilterQueuesRequestHeader : IHeaderWriter, IHeaderReader<ListFilterQueuesRequestHeader>
{
    /// <summary>Which part, from 0 on.</summary>
    public required int Part { get; init; }

    /// <summary>How many parts there are; the same filter is always in the same.</summary>
    public required int Parts { get; init; }

    /// <inheritdoc/>
    public static ListFilterQueuesRequestHeader Read(HeaderFields fields) => new()
    {
        Part = fields.GetInt32("part"u8),
        Parts = fields.GetInt32("parts"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("part"u8, Part);
        fields.Add("parts"u8, Parts);
    }
}
