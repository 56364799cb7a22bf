using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Tracing;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// The <c>Idempotency-Key</c> of a publish, as the message carries it: a unique key that says whose key it is, and a digest of what was
/// to be published.
/// <code>
///  UNIQ_KEY             first 16 bytes of SHA-256 of  user 0x00 topic 0x00 key 0x00 place in the batch       32 hexadecimal digits
///  PROTOBRIDGE_REQUEST  first 16 bytes of SHA-256 of  body, ordering hash, properties without expiry, trace  base64url
/// </code>
/// Times and traces are left out of the digest: they differ from try to try.
/// </summary>
internal static class Idempotency
{
    public const string Header = "Idempotency-Key";

    private const int MaxLength = 255;
    private const int Size = 16;

    /// <summary>Reads the header's value.</summary>
    /// <exception cref="RefusalException">It is empty, too long, or has other characters than visible ASCII.</exception>
    public static string Read(StringValues header)
    {
        string key = header.ToString();
        return key.Length is > 0 and <= MaxLength && header.Count == 1 && !key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? key
            : throw RefusalException.Invalid($"{Header} has 1 to {MaxLength} visible ASCII characters, once.");
    }

    /// <summary>The unique key of a message.</summary>
    public static string UniqueKey(string user, string topic, string key, int index)
        => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{user}\0{topic}\0{key}\0{index}"))).AsSpan(0, Size));

    /// <summary>The digest of a message.</summary>
    public static string Digest(in PublishMessage message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[12];
        BitConverter.TryWriteBytes(numbers, message.Body.Length);
        BitConverter.TryWriteBytes(numbers[4..], message.OrderingHash is { } ordering ? ordering + 1L : 0L);
        hash.AppendData(numbers);
        hash.AppendData(message.Body.Span);
        foreach (MessageProperties.Property property in message.Properties)
        {
            if (property.Name.SequenceEqual(PropertyNames.MqttExpiresAt) || MessageActivities.IsContext(property.Name))
                continue;

            hash.AppendData(property.Name);
            hash.AppendData([MessageProperties.NameEnd]);
            hash.AppendData(property.Value);
            hash.AppendData([MessageProperties.ValueEnd]);
        }

        return System.Buffers.Text.Base64Url.EncodeToString(hash.GetHashAndReset().AsSpan(0, Size));
    }
}
