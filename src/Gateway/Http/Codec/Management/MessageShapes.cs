using System.Text;
using System.Text.Unicode;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Http.Codec.Management;

/// <summary>A message as it lies in the log.</summary>
/// <param name="MessageId">Names its place in the log.</param>
/// <param name="UniqueKey">The id that its sender gave it, if it did.</param>
/// <param name="Topic">The topic that it was published to.</param>
/// <param name="LiesIn">The topic that it lies in, when that is another: dead letters, redeliveries.</param>
/// <param name="Broker">Broker that has it.</param>
/// <param name="QueueId">Queue.</param>
/// <param name="Offset">Position in the queue.</param>
/// <param name="Tag">Tag, if it has one.</param>
/// <param name="ContentType">Content type, if it has one.</param>
/// <param name="Keys">Keys.</param>
/// <param name="Properties">User properties.</param>
/// <param name="Body">The body: text, or base64; cut when `bodyIsCut` says so.</param>
/// <param name="BodyEncoding">`utf-8` or `base64`.</param>
/// <param name="BodyIsCut">True when the body is longer than a list shows.</param>
/// <param name="Size">Bytes of the body.</param>
/// <param name="BornAt">When its sender made it.</param>
/// <param name="BornHost">Where from; absent where it is not known.</param>
/// <param name="StoredAt">When the broker stored it.</param>
/// <param name="StoreHost">The broker's address.</param>
/// <param name="Attempts">Deliveries so far, as far as the message says.</param>
internal sealed record ManagedMessage(
    string MessageId,
    string? UniqueKey,
    string Topic,
    string? LiesIn,
    string Broker,
    int QueueId,
    long Offset,
    string? Tag,
    string? ContentType,
    IReadOnlyList<string> Keys,
    IReadOnlyDictionary<string, string> Properties,
    string Body,
    string BodyEncoding,
    bool? BodyIsCut,
    int Size,
    DateTimeOffset BornAt,
    string? BornHost,
    DateTimeOffset StoredAt,
    string StoreHost,
    int Attempts)
{
    /// <summary>Shows a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="longestBody">Bytes of the body that are shown, at most.</param>
    public static ManagedMessage Of(StoredMessage message, int longestBody)
    {
        MessageProperties properties = message.Properties;
        string topic = properties.GetString(PropertyNames.RetryTopic) ?? message.Topic;
        ReadOnlySpan<byte> body = message.Body.Span;
        bool isText = Utf8.IsValid(body);
        bool isCut = body.Length > longestBody;
        if (isCut)
            body = body[..(isText ? EndOfText(body, longestBody) : longestBody)];

        MessageFields.TryReadContentType(properties, out ReadOnlySpan<byte> contentType);
        return new ManagedMessage(
            message.MessageId,
            properties.GetString(PropertyNames.UniqueKey),
            topic,
            topic == message.Topic ? null : message.Topic,
            message.Broker,
            message.QueueId,
            message.Offset,
            properties.GetString(PropertyNames.Tags),
            contentType.IsEmpty ? null : Encoding.UTF8.GetString(contentType),
            properties.GetString(PropertyNames.Keys)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
            UserProperties(properties),
            isText ? Encoding.UTF8.GetString(body) : Convert.ToBase64String(body),
            isText ? "utf-8" : "base64",
            isCut ? true : null,
            message.Body.Length,
            message.BornAt,
            message.BornHost.Length == 0 ? null : message.BornHost,
            message.StoredAt,
            message.StoreHost,
            message.ReconsumeTimes + 1);
    }

    /// <summary>The user properties, by the names that HTTP shows.</summary>
    public static Dictionary<string, string> UserProperties(MessageProperties properties)
    {
        var shown = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (MessageProperties.Property property in properties)
        {
            if (PropertyNaming.TryRead(property.Name, out ReadOnlySpan<byte> name))
                shown[Encoding.UTF8.GetString(name)] = Encoding.UTF8.GetString(property.Value);
        }

        return shown;
    }

    /// <summary>The end of the last whole character within so many bytes.</summary>
    private static int EndOfText(ReadOnlySpan<byte> text, int max)
    {
        while (max > 0 && (text[max] & 0xC0) == 0x80)
            max--;

        return max;
    }
}

/// <summary>Dead letters to give to their group again: some, those of a search, or all.</summary>
/// <param name="MessageIds">These.</param>
/// <param name="All">Those that were not given again by an earlier such request; with `key`, `from` or `to` those of the search.</param>
/// <param name="Key">With `all`: only those with this key.</param>
/// <param name="From">With `all`: only those that became dead letters at or after this time.</param>
/// <param name="To">With `all`: only those that became dead letters at or before this time.</param>
/// <param name="Topic">Publish them to this topic, for all its groups, instead of giving them to the group alone.</param>
internal sealed record ResendDeadLetters(
    IReadOnlyList<string>? MessageIds = null, bool All = false, string? Key = null, DateTimeOffset? From = null, DateTimeOffset? To = null, string? Topic = null);

/// <summary>What became of dead letters.</summary>
/// <param name="Sent">How many were sent.</param>
/// <param name="Results">One a message id, in their order; absent with `all`.</param>
/// <param name="IsComplete">False with `all` when there are more than one request sends: send it again.</param>
internal sealed record ResentDeadLetters(int Sent, IReadOnlyList<ResentDeadLetter>? Results, bool IsComplete);

/// <summary>What became of a dead letter.</summary>
/// <param name="MessageId">The dead letter.</param>
/// <param name="SentAs">The id of the message that was sent.</param>
/// <param name="Error">Why it was not.</param>
internal sealed record ResentDeadLetter(string MessageId, string? SentAs, ResendError? Error);

/// <summary>Why a dead letter was not sent.</summary>
/// <param name="Type">As in problem details.</param>
/// <param name="Detail">What happened.</param>
internal sealed record ResendError(string Type, string Detail);

/// <summary>The way of a message.</summary>
/// <param name="MessageId">The message.</param>
/// <param name="Topic">The topic that it was published to.</param>
/// <param name="Steps">What happened, by time.</param>
/// <param name="Groups">What became of it in each group that reads or read its topic.</param>
/// <param name="IsPartial">Whether there was more to look at than a request may.</param>
internal sealed record MessageTrace(string MessageId, string Topic, IReadOnlyList<TraceStep> Steps, IReadOnlyList<GroupTrace> Groups, bool IsPartial);

/// <summary>A step on the way of a message.</summary>
/// <param name="At">When.</param>
/// <param name="Where">`mqtt`, `remoting`, `gateway` (HTTP or MQTT) or `broker`.</param>
/// <param name="Step">`sent`, `stored`, `sent-back`, `dead-lettered`, `received`, `handled`, `handling-failed` or `transaction-ended`.</param>
/// <param name="Group">The group, where there is one.</param>
/// <param name="Client">The client, where it is known.</param>
/// <param name="Details">More, by name.</param>
internal sealed record TraceStep(DateTimeOffset At, string Where, string Step, string? Group, string? Client, IReadOnlyDictionary<string, string>? Details);

/// <summary>What became of a message in a group.</summary>
/// <param name="Group">The group.</param>
/// <param name="State">`waiting`, `consumed`, `retrying` or `dead-letter`.</param>
/// <param name="Attempts">Deliveries that are known to have failed.</param>
/// <param name="Members">Who reads for the group now.</param>
internal sealed record GroupTrace(string Group, string State, int Attempts, IReadOnlyList<string> Members);
