using System.Buffers.Text;
using System.Text;
using ProtoBridgeMQ.Bridge.Requests;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// Whom a reply is for, in an address.
/// <code>base64url of   client 0x00 correlation id 0x00 cluster 0x00 time to live</code>
/// </summary>
internal static class ReplyToken
{
    private const int MaxLength = 2048;

    public static string Write(ReplyAddress address)
        => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{address.Client}\0{address.CorrelationId}\0{address.Cluster}\0{address.TimeToLive}"));

    /// <summary>Reads one.</summary>
    /// <exception cref="RefusalException">It is none.</exception>
    public static ReplyAddress Read(string token)
        => token.Length <= MaxLength
            && Base64Url.IsValid(token)
            && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token)).Split('\0') is [{ Length: > 0 } client, { Length: > 0 } correlation, var cluster, var timeToLive]
            ? new ReplyAddress(client, correlation, cluster, timeToLive)
            : throw RefusalException.Invalid("This is no replyTo of a message.");
}
