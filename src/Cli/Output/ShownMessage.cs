using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Cli.Output;

/// <summary>A message as it is shown: a body that is no text as base64.</summary>
internal sealed record ShownMessage(
    string MessageId,
    string Topic,
    string Broker,
    int Queue,
    long Offset,
    DateTimeOffset BornAt,
    DateTimeOffset StoredAt,
    int Attempt,
    string? Tag,
    string? Keys,
    IReadOnlyDictionary<string, string> Properties,
    string? Body,
    string? BodyBase64)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static ShownMessage Of(ReceivedMessage message)
    {
        string? text = TextOf(message.Body.Span);
        return new ShownMessage(
            message.MessageId,
            message.Topic,
            message.Queue.BrokerName,
            message.Queue.QueueId,
            message.QueueOffset,
            message.BornAt,
            message.StoredAt,
            message.ReconsumeTimes + 1,
            message.Tag,
            message.Keys,
            message.Properties,
            text,
            text is null ? Convert.ToBase64String(message.Body.Span) : null);
    }

    /// <summary>One line for people.</summary>
    public string ToLine()
        => $"{Shown.Time(StoredAt)}  {Broker}/{Queue}:{Offset}  {MessageId}  tag={Tag ?? "-"}  keys={Keys ?? "-"}  {Body ?? $"(base64) {BodyBase64}"}";

    private static string? TextOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return Strict.GetString(body);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
