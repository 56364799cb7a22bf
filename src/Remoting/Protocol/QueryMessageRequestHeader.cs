using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Protocol;

/// <summary>Asks for messages by a key (code 12).</summary>
public readonly record struct QueryMessageRequestHeader : IHeaderWriter, IHeaderReader<QueryMessageRequestHeader>
{
    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>One of the keys, or the unique key.</summary>
    public required string Key { get; init; }

    /// <summary>Messages wanted.</summary>
    public required int MaxNum { get; init; }

    /// <summary>Earliest store time, milliseconds since 1970.</summary>
    public required long BeginTimestamp { get; init; }

    /// <summary>Latest store time, milliseconds since 1970.</summary>
    public required long EndTimestamp { get; init; }

    /// <summary>Whether the key is a unique key; null when the client does not say.</summary>
    public string? IsUniqueKey { get; init; }

    /// <inheritdoc/>
    public static QueryMessageRequestHeader Read(HeaderFields fields) => new()
    {
        Topic = fields.GetString("topic"u8),
        Key = fields.GetString("key"u8),
        MaxNum = fields.GetInt32("maxNum"u8),
        BeginTimestamp = fields.GetInt64("beginTimestamp"u8),
        EndTimestamp = fields.GetInt64("endTimestamp"u8),
        IsUniqueKey = fields.GetStringOrNull("_UNIQUE_KEY_QUERY"u8),
    };

    /// <inheritdoc/>
    public void Write(HeaderFieldsWriter fields)
    {
        fields.TableCapacity = JavaHashMapOrder.AddedFieldsCapacity;
        fields.Add("_UNIQUE_KEY_QUERY"u8, IsUniqueKey);
        fields.Add("topic"u8, Topic);
        fields.Add("key"u8, Key);
        fields.Add("maxNum"u8, MaxNum);
        fields.Add("beginTimestamp"u8, BeginTimestamp);
        fields.Add("endTimestamp"u8, EndTimestamp);
    }
}
