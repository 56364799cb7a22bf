using System.Buffers;
using Microsoft.Extensions.Primitives;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Tracing;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// What a raw publish says beside its body: <c>?tag=&amp;key=&amp;delay=&amp;at=&amp;expires=&amp;orderingKey=</c>, <c>X-Property-NAME</c>
/// headers, Content-Type, Idempotency-Key.
/// </summary>
internal readonly record struct RawMessage(TimeSpan Delay, int? OrderingHash)
{
    /// <summary>What makes a repeated request the same one; null without.</summary>
    public string? IdempotencyKey { get; init; }

    public const string PropertyHeader = "X-Property-";

    private const int StackLimit = 512;
    private const int TraceParentLength = 55;
    private const int MaxTraceState = 512;

    /// <summary>Reads it all; properties go into the property text. Query parameters of the other names are left to the caller.</summary>
    /// <exception cref="RefusalException">Something is not possible, or unknown.</exception>
    public static RawMessage Read(HttpRequest request, TimeProvider clock, ref PropertyTextWriter properties, params ReadOnlySpan<string> others)
    {
        RawMessage message = ReadQuery(request.QueryString.Value, clock, ref properties, others);
        string? idempotencyKey = null;
        WriteContentType(request.ContentType, ref properties);
        WriteTrace(request.Headers, ref properties);
        foreach (KeyValuePair<string, StringValues> header in request.Headers)
        {
            if (header.Key.StartsWith(PropertyHeader, StringComparison.OrdinalIgnoreCase))
                PropertyNaming.Write(header.Key.AsSpan(PropertyHeader.Length), header.Value.ToString(), ref properties);
            else if (header.Key.Equals(Idempotency.Header, StringComparison.OrdinalIgnoreCase))
                idempotencyKey = Idempotency.Read(header.Value);
        }

        return idempotencyKey is null ? message : message with { IdempotencyKey = idempotencyKey };
    }

    private static RawMessage ReadQuery(string? query, TimeProvider clock, ref PropertyTextWriter properties, ReadOnlySpan<string> others)
    {
        if (string.IsNullOrEmpty(query))
            return default;

        int room = 2 * PercentQuery.MaxDecoded(query.Length);
        byte[]? rented = room > StackLimit ? ArrayPool<byte>.Shared.Rent(room) : null;
        try
        {
            Span<byte> scratch = rented is null ? stackalloc byte[StackLimit] : rented;
            return ReadQuery(query, scratch[..(scratch.Length / 2)], scratch[(scratch.Length / 2)..], clock, ref properties, others);
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static RawMessage ReadQuery(string query, Span<byte> scratch, Span<byte> keys, TimeProvider clock, ref PropertyTextWriter properties, ReadOnlySpan<string> others)
    {
        var times = new PublishTimes(clock);
        int? ordering = null;
        int keysLength = 0;
        bool tagged = false;
        var parameters = new PercentQuery(query);
        while (parameters.MoveNext())
        {
            ReadOnlySpan<byte> value = scratch[..parameters.Decode(scratch)];
            switch (parameters.Name)
            {
                case "tag" when !tagged:
                    tagged = true;
                    if (!value.IsEmpty)
                        properties.Write(PropertyNames.Tags, value);

                    break;
                case "key":
                    keysLength = AppendKey(value, keys, keysLength);
                    break;
                case "orderingKey":
                    ordering = TopicMapping.OrderingHash(value);
                    break;
                default:
                    if (IsOneOf(parameters.Name, others) || times.TryRead(parameters.Name, string.Empty, System.Text.Encoding.UTF8.GetString(value), ref properties))
                        break;

                    throw RefusalException.Invalid(
                        $"The query parameter {parameters.Name.ToString()} is unknown or there twice; there are tag, key (repeatable), delay, at, expires and orderingKey.");
            }
        }

        if (keysLength > 0)
            properties.Write(PropertyNames.Keys, keys[..keysLength]);

        return new RawMessage(times.Delay, ordering);
    }

    private static bool IsOneOf(ReadOnlySpan<char> name, ReadOnlySpan<string> names)
    {
        foreach (string one in names)
        {
            if (name.SequenceEqual(one))
                return true;
        }

        return false;
    }

    private static int AppendKey(ReadOnlySpan<byte> key, Span<byte> keys, int length)
    {
        if (key.IsEmpty)
            return length;

        if (length > 0)
            keys[length++] = (byte)' ';

        key.CopyTo(keys[length..]);
        return length + key.Length;
    }

    /// <summary>The trace of the request goes with the message, unless the message has one as a property.</summary>
    private static void WriteTrace(IHeaderDictionary headers, ref PropertyTextWriter properties)
    {
        if (headers.TraceParent.Count == 1 && headers.TraceParent[0] is { Length: TraceParentLength } parent && !headers.ContainsKey(PropertyHeader + "traceparent"))
        {
            properties.Write(MessageActivities.TraceParent, parent);
            if (headers.TraceState.Count == 1 && headers.TraceState[0] is { Length: > 0 and <= MaxTraceState } state)
                properties.Write(MessageActivities.TraceState, state);
        }
    }

    /// <summary>What clients say when they were told nothing says nothing about the body.</summary>
    public static void WriteContentType(string? type, ref PropertyTextWriter properties)
    {
        if (string.IsNullOrEmpty(type)
            || JsonText.IsMediaType(type, "application/octet-stream")
            || JsonText.IsMediaType(type, "application/x-www-form-urlencoded"))
        {
            return;
        }

        properties.Write(PropertyNames.MqttContentType, type);
    }
}
