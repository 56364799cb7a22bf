using System.Text;
using ProtoBridgeMQ.Client.Admin;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Sending;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client;

/// <summary>Messages by id, key and time, and dead letters. <see cref="AdminClient.Messages"/>.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class MessageAdmin
{
    private const int MaxFound = 64;

    private readonly AdminCalls _calls;

    internal MessageAdmin(AdminCalls calls) => _calls = calls;

    /// <summary>The message at a place in a broker's log.</summary>
    /// <param name="offsetMessageId">The place: <see cref="SendReceipt.OffsetMessageId"/>, <see cref="ReceivedMessage.OffsetMessageId"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">It is no such id.</exception>
    /// <exception cref="RequestRefusedException">There is no message (any more).</exception>
    /// <exception cref="ProtoBridgeMqException">The broker cannot be reached.</exception>
    public async ValueTask<ReceivedMessage> GetAsync(string offsetMessageId, CancellationToken cancellationToken = default)
    {
        if (!OffsetMessageId.TryParse(offsetMessageId, out HostAddress host, out long offset))
        {
            throw new ArgumentException($"'{offsetMessageId}' is no id of a place in a log: 32 or 56 hexadecimal digits.", nameof(offsetMessageId));
        }

        string address = host.ToString();
        string what = $"Asking for message {offsetMessageId}";
        using RemotingResponse response = await _calls.Connection.Calls
            .RequireAsync(address, RequestCode.ViewMessageById, new ViewMessageRequestHeader { Offset = offset }, default, _calls.Connection.Options.RequestTimeout, what, cancellationToken)
            .ConfigureAwait(false);
        return Read(response, await BrokerAtAsync(address, cancellationToken).ConfigureAwait(false), address).FirstOrDefault()
            ?? throw new BadAnswerException($"{what} failed: {address} answered without a message.", address, mayHaveHappened: false);
    }

    /// <summary>The messages of a topic with the id that their sender gave them; usually one, several when a send was tried again.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="messageId">The id: <see cref="SendReceipt.MessageId"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProtoBridgeMqException">No name server, or a broker, cannot be reached.</exception>
    public ValueTask<IReadOnlyList<ReceivedMessage>> FindByIdAsync(string topic, string messageId, CancellationToken cancellationToken = default)
        => QueryAsync(topic, messageId, isUnique: true, 32, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, cancellationToken);

    /// <summary>The newest messages of a topic with a key, oldest first.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="key">One of the message's keys.</param>
    /// <param name="max">At most so many of each broker, 1 to 64.</param>
    /// <param name="from">Stored at this time at the earliest; null for any.</param>
    /// <param name="to">Stored at this time at the latest; null for any.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProtoBridgeMqException">No name server, or a broker, cannot be reached.</exception>
    public ValueTask<IReadOnlyList<ReceivedMessage>> FindByKeyAsync(
        string topic, string key, int max = 32, DateTimeOffset? from = null, DateTimeOffset? to = null, CancellationToken cancellationToken = default)
        => QueryAsync(topic, key, isUnique: false, max, from ?? DateTimeOffset.UnixEpoch, to ?? DateTimeOffset.MaxValue, cancellationToken);

    /// <summary>The messages of a topic that were stored in a time, queue by queue and not by time.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="from">The earliest time.</param>
    /// <param name="to">The latest time.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <exception cref="TopicNotFoundException">The topic does not exist.</exception>
    public async IAsyncEnumerable<ReceivedMessage> FindByTimeAsync(
        string topic,
        DateTimeOffset from,
        DateTimeOffset to,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var reader = new Reader(_calls.Connection, new ReaderOptions());
        await using (reader.ConfigureAwait(false))
        {
            await foreach (ReceivedMessage message in reader.ReadToEndAsync(topic, ReadFrom.Time(from), cancellationToken).ConfigureAwait(false))
            {
                if (message.StoredAt >= from && message.StoredAt <= to)
                {
                    yield return message;
                }
            }
        }
    }

    /// <summary>The dead letters of a group, oldest first on each broker; none when it never had one.</summary>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Ends the stream.</param>
    public async IAsyncEnumerable<ReceivedMessage> ReadDeadLettersAsync(
        string group, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Names.RequireGroup(group);
        string topic = Names.DeadLetterTopic(group);
        if (await _calls.Connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false) is null)
        {
            yield break;
        }

        var reader = new Reader(_calls.Connection, new ReaderOptions());
        await using (reader.ConfigureAwait(false))
        {
            await foreach (ReceivedMessage message in reader.ReadToEndAsync(topic, ReadFrom.Beginning, cancellationToken).ConfigureAwait(false))
            {
                yield return message;
            }
        }
    }

    /// <summary>
    /// Gives a dead letter to its group again: it comes through the group's retry topic, under its id and its first topic, and has all tries
    /// before it. Other groups do not see it. The dead letter stays where it is.
    /// </summary>
    /// <param name="group">The group.</param>
    /// <param name="deadLetter">One of its dead letters (<see cref="ReadDeadLettersAsync"/>).</param>
    /// <param name="cancellationToken">Ends the wait; it may be given nevertheless.</param>
    /// <exception cref="ProtoBridgeMqException">It was not stored, or that is unknown.</exception>
    public async ValueTask<SendReceipt> ResendAsync(string group, ReceivedMessage deadLetter, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(deadLetter);
        Names.RequireGroup(group);
        _calls.Connection.EnsureStarted();
        var sender = new MessageSender(_calls.Connection, new ProducerOptions { Group = "CLIENT_INNER_PRODUCER", NewTopicQueues = 1 });
        var message = new Message(Names.RetryTopic(group), deadLetter.Body)
        {
            Flag = deadLetter.Flag,
            BornAt = deadLetter.BornAt,
            PropertyText = Kept(deadLetter),
        };
        return await sender.SendAsync(message, SendTarget.Any, SendPurpose.Message, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The properties without those that would delay it or count its tries.</summary>
    private static ReadOnlyMemory<byte> Kept(ReceivedMessage message)
    {
        byte[] text = new byte[message.PropertyText.Length + 256];
        var writer = new PropertyTextWriter(text);
        PropertyTextReader reader = PropertyText.Read(message.PropertyText.Span);
        while (reader.MoveNext())
        {
            if (!reader.Name.SequenceEqual(SystemProperties.Delay)
                && !reader.Name.SequenceEqual(SystemProperties.RealTopic)
                && !reader.Name.SequenceEqual(SystemProperties.RealQueueId)
                && !reader.Name.SequenceEqual(SystemProperties.ReconsumeTime)
                && !reader.Name.SequenceEqual(SystemProperties.MaxReconsumeTimes)
                && !reader.Name.SequenceEqual(RecordCrc.Name))
            {
                writer.TryAdd(reader.Name, reader.Value);
            }
        }

        return text.AsMemory(0, writer.Length);
    }

    private async ValueTask<IReadOnlyList<ReceivedMessage>> QueryAsync(
        string topic, string key, bool isUnique, int max, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        Names.RequireTopic(topic);
        ArgumentException.ThrowIfNullOrEmpty(key);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, MaxFound);
        TopicRoute route = await _calls.Connection.Routes.FindAsync(topic, cancellationToken).ConfigureAwait(false)
            ?? throw new TopicNotFoundException(topic, $"No name server knows topic {topic}.");
        var header = new QueryMessageRequestHeader
        {
            Topic = topic,
            Key = key,
            MaxNum = max,
            BeginTimestamp = from.ToUnixTimeMilliseconds(),
            EndTimestamp = to.ToUnixTimeMilliseconds(),
            IsUniqueKey = isUnique ? "true" : "false",
        };
        var found = new List<ReceivedMessage>();
        foreach (BrokerRoute broker in route.Brokers)
        {
            string what = $"Asking broker {broker.Name} for messages with key '{key}'";
            string address = await _calls.Connection
                .RequireAddressAsync(new MessageQueue(topic, broker.Name, 0), masterOnly: false, cancellationToken)
                .ConfigureAwait(false);
            using RemotingResponse response = await _calls.Connection.Calls
                .InvokeAsync(address, RequestCode.QueryMessage, header, default, _calls.Connection.Options.RequestTimeout, what, cancellationToken)
                .ConfigureAwait(false);
            if (response.Code == ResponseCode.Success)
            {
                // Brokers of Apache find by a hash: another key may have the same.
                found.AddRange(Read(response, broker.Name, address).Where(message => isUnique ? message.MessageId == key : HasKey(message, key)));
            }
            else if (response.Code != ResponseCode.QueryNotFound)
            {
                throw CallErrors.Refused(response, what, address);
            }
        }

        found.Sort((left, right) => left.StoredAt.CompareTo(right.StoredAt));
        return found;
    }

    private static bool HasKey(ReceivedMessage message, string key)
        => message.Keys?.Split(' ').Contains(key, StringComparer.Ordinal) == true || message.MessageId == key;

    private List<ReceivedMessage> Read(RemotingResponse response, string broker, string address)
    {
        var messages = new List<ReceivedMessage>();
        var records = new PullResult.Enumerator(response.Body, _calls.Connection.Options.MaxBodySize, address);
        while (records.MoveNext())
        {
            MessageView view = records.Current;
            messages.Add(new ReceivedMessage(new MessageQueue(Encoding.UTF8.GetString(view.TopicText), broker, view.QueueId), view));
        }

        return messages;
    }

    private async ValueTask<string> BrokerAtAsync(string address, CancellationToken cancellationToken)
    {
        IReadOnlyList<BrokerRoute> brokers = await _calls.BrokersAsync(cancellationToken).ConfigureAwait(false);
        return brokers.FirstOrDefault(broker => broker.Addresses.Values.Contains(address))?.Name ?? string.Empty;
    }
}
