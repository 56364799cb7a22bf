using System.Net;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// Messages to publish as <c>multipart/form-data</c>: a batch with one message a part. What a part says of its message are its headers:
/// <c>X-Tag</c>, <c>X-Key</c> (repeatable), <c>X-Delay</c>, <c>X-At</c>, <c>X-Expires</c>, <c>X-Ordering-Key</c>, <c>X-Property-NAME</c> and
/// <c>Content-Type</c>. The names of the parts say nothing.
/// </summary>
internal sealed class MultipartMessages : IMessagesToPublish
{
    private const int MaxPartHeaders = 64;
    private const int MaxPartHeadersSize = 16 * 1024;
    private const int MaxBoundary = 70;

    private readonly List<Part> _parts = [];

    public bool IsBatch => true;

    public int Count => _parts.Count;

    /// <summary>Reads them all.</summary>
    /// <exception cref="RefusalException">Malformed, or over a limit.</exception>
    public static async Task<MultipartMessages> ReadAsync(string? contentType, ReadOnlyMemory<byte> body, HttpOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        var messages = new MultipartMessages();
        try
        {
            using var stream = new MemoryStream(body.ToArray(), writable: false);
            var reader = new MultipartReader(BoundaryOf(contentType), stream) { HeadersCountLimit = MaxPartHeaders, HeadersLengthLimit = MaxPartHeadersSize };
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (messages._parts.Count == options.MaxBatch)
                    throw RefusalException.Invalid($"A batch may have {options.MaxBatch} messages.");

                messages._parts.Add(await ReadAsync(section, $"part {messages._parts.Count}", options, clock, cancellationToken));
            }
        }
        catch (Exception wrong) when (wrong is InvalidDataException or IOException)
        {
            throw RefusalException.Invalid("The multipart body is malformed, or the headers of a part are over the limits.");
        }

        return messages.Count > 0 ? messages : throw RefusalException.Invalid("The multipart body has no part.");
    }

    public PublishMessage Get(int index, string topic, IPEndPoint? bornHost)
    {
        Part part = _parts[index];
        var properties = new MessageProperties(part.Properties);
        return new PublishMessage(topic, part.Body, properties)
        {
            Retain = MessageFields.TryReadRetain(properties, out bool retain) && retain,
            Delay = part.Delay,
            IsRecallable = part.Delay > TimeSpan.Zero,
            OrderingHash = part.OrderingHash,
            BornHost = bornHost,
        };
    }

    public void Dispose() => _parts.Clear();

    private static string BoundaryOf(string? contentType)
    {
        string? boundary = MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? parsed) ? HeaderUtilities.RemoveQuotes(parsed.Boundary).Value : null;
        return boundary is { Length: > 0 and <= MaxBoundary } ? boundary : throw RefusalException.Invalid($"multipart/form-data needs a boundary of 1 to {MaxBoundary} characters.");
    }

    private static async Task<Part> ReadAsync(MultipartSection section, string where, HttpOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await section.Body.CopyToAsync(body, cancellationToken);
        if (body.Length > options.MaxBodySize)
            throw new RefusalException(Problem.TooLarge, $"{where}: the body may have {options.MaxBodySize} bytes.");

        return ReadHeaders(section.Headers ?? [], where, clock, body.ToArray());
    }

    private static Part ReadHeaders(Dictionary<string, StringValues> headers, string where, TimeProvider clock, byte[] body)
    {
        var properties = default(PropertyTextWriter);
        var times = new PublishTimes(clock);
        int? ordering = null;
        try
        {
            foreach ((string name, StringValues value) in headers)
            {
                switch (name.ToLowerInvariant())
                {
                    case "x-tag":
                        properties.Write(PropertyNames.Tags, value.ToString());
                        break;
                    case "x-key":
                        WriteKeys(value, where, ref properties);
                        break;
                    case "x-delay" or "x-at" or "x-expires":
                        times.TryRead(name[2..].ToLowerInvariant(), where + ": ", value.ToString(), ref properties);
                        break;
                    case "x-ordering-key":
                        ordering = TopicMapping.OrderingHash(System.Text.Encoding.UTF8.GetBytes(value.ToString()));
                        break;
                    case "content-type":
                        RawMessage.WriteContentType(value.ToString(), ref properties);
                        break;
                    case "content-disposition" or "content-length" or "content-transfer-encoding":
                        break;
                    default:
                        WriteProperty(name, value.ToString(), where, ref properties);
                        break;
                }
            }

            return new Part(body, properties.Written.Text.ToArray(), times.Delay, ordering);
        }
        finally
        {
            properties.Dispose();
        }
    }

    private static void WriteKeys(StringValues keys, string where, ref PropertyTextWriter properties)
    {
        foreach (string? key in keys)
        {
            if (string.IsNullOrEmpty(key) || key.Contains(' ', StringComparison.Ordinal))
                throw RefusalException.Invalid($"{where}: a key is empty or has a space, which separates keys.");
        }

        properties.Write(PropertyNames.Keys, string.Join(' ', keys.ToArray()));
    }

    private static void WriteProperty(string name, string value, string where, ref PropertyTextWriter properties)
    {
        if (!name.StartsWith(RawMessage.PropertyHeader, StringComparison.OrdinalIgnoreCase))
            throw RefusalException.Invalid($"{where}: the header {name} is unknown; there are X-Tag, X-Key, X-Delay, X-At, X-Expires, X-Ordering-Key and {RawMessage.PropertyHeader}NAME.");

        PropertyNaming.Write(name.AsSpan(RawMessage.PropertyHeader.Length), value, ref properties);
    }

    private sealed record Part(byte[] Body, byte[] Properties, TimeSpan Delay, int? OrderingHash);
}
