using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>
/// Changes what a watch watches, or waits for new entries in what it watches (code 700006). The body has the changes:
/// <code>
/// | 1 to watch, 0 not to any more :1 | number:4 | to watch: length:2, filter in UTF-8 | ...
/// </code>
/// The body of the answer to a wait has the numbers of those that have new entries, four bytes each.
/// </summary>
public readonly record struct WatchFilterQueuesRequestHeader : IHeaderWriter, IHeaderReader<WatchFilterQueuesRequestHeader>
{
    /// <summary>The watch's name; whoever asks chooses one that nobody else has.</summary>
    public required string Watch { get; init; }

    /// <summary>Whether it begins, or begins again, with nothing watched; otherwise one that is not known is refused.</summary>
    public bool? Begins { get; init; }

    /// <summary>Milliseconds to wait for entries; less than 0: the changes alone.</summary>
    public required int Wait { get; init; }

    /// <inheritdoc/>
    public static WatchFilterQueuesRequestHeader Read(HeaderFields fields) => new()
    {
        Watch = fields.GetString("watch"u8),
        Begins = fields.GetBooleanOrNull("begins"u8),
        Wait = fields.GetInt32("wait"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.Add("watch"u8, Watch);
        fields.Add("begins"u8, Begins);
        fields.Add("wait"u8, Wait);
    }
}
