using System.Threading.Channels;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;

namespace ProtoBridgeMQ.Client.Reading;

/// <summary>Reads the queues of a topic into one channel, and finds queues that are added.</summary>
internal sealed class TopicStream(
    ClusterConnection connection, ReaderOptions options, string topic, ReadFrom from, bool follow, ChannelWriter<ReceivedMessage> messages)
{
    private readonly QueueReader _reader = new(connection);
    private readonly TimeProvider _time = connection.Options.TimeProvider;

    /// <summary>Completes the channel when it ends: with what went wrong, or at the end of the topic.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await (follow ? FollowAsync(cancellationToken) : ReadToEndAsync(cancellationToken)).ConfigureAwait(false);
            messages.Complete();
        }
        catch (Exception error)
        {
            messages.Complete(error);
        }
    }

    private async Task ReadToEndAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<MessageQueue> queues = await _reader.ListQueuesAsync(topic, cancellationToken).ConfigureAwait(false);
        if (queues.Count == 0)
        {
            throw new TopicNotFoundException(topic, $"No name server knows topic {topic}.");
        }

        await Task.WhenAll(queues.Select(queue => ReadQueueAsync(queue, from, cancellationToken))).ConfigureAwait(false);
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var reading = new Dictionary<MessageQueue, Task>();
        ReadFrom begin = from;
        while (true)
        {
            foreach (MessageQueue queue in await QueuesAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!reading.ContainsKey(queue))
                {
                    reading.Add(queue, ReadQueueAsync(queue, begin, cancellationToken));
                }
            }

            if (reading.Count > 0 || begin.From == ConsumeFrom.Last)
            {
                // What appears from now on is read whole: it came after the stream began.
                begin = ReadFrom.Beginning;
            }

            TimeSpan wait = reading.Count == 0 ? connection.Options.MissingTopicInterval : connection.Options.RouteRefreshInterval;
            await Task.WhenAny([Task.Delay(wait, _time, cancellationToken), .. reading.Values]).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (reading.Values.FirstOrDefault(task => task.IsFaulted) is { } failed)
            {
                await failed.ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<IReadOnlyList<MessageQueue>> QueuesAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _reader.ListQueuesAsync(topic, cancellationToken).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException error)
        {
            connection.Log.RouteRefreshFailed(topic, error.Message);
            return [];
        }
    }

    private async Task ReadQueueAsync(MessageQueue queue, ReadFrom begin, CancellationToken cancellationToken)
    {
        var place = new Place(-1, 0);
        long end = -1;
        while (true)
        {
            try
            {
                if (place.Next < 0)
                {
                    place = new Place(await StartAsync(queue, begin, cancellationToken).ConfigureAwait(false), 0);
                    end = follow ? long.MaxValue : await _reader.GetMaxOffsetAsync(queue, cancellationToken).ConfigureAwait(false);
                }

                if (place.Next >= end)
                {
                    return;
                }

                place = await StepAsync(queue, place, end, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is RequestRefusedException { Reason: RefusalReason.FilterInvalid or RefusalReason.NotPermitted })
            {
                // Trying again would not help.
                throw;
            }
            catch (ProtoBridgeMqException error)
            {
                ClientMetrics.PullFailures.Add(1);
                connection.Log.PullFailed(_reader.Group, queue, place.Next, error.Message);
                await Task.Delay(Jitter.Spread(options.RetryPause), _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<long> StartAsync(MessageQueue queue, ReadFrom begin, CancellationToken cancellationToken)
        => begin.Given is { } offsets && offsets.TryGetValue(queue, out long given)
            ? Math.Max(0, given)
            : await _reader.FindFirstAsync(queue, begin.From, begin.When, cancellationToken).ConfigureAwait(false);

    /// <summary>One pull; returns where the next one goes on.</summary>
    private async ValueTask<Place> StepAsync(MessageQueue queue, Place place, long end, CancellationToken cancellationToken)
    {
        List<ReceivedMessage> found;
        long after;
        long gone = 0;
        using (PullResult result = await _reader
            .PullAsync(queue, place.Next, options.PullBatch, follow ? options.PullWait : TimeSpan.Zero, options.Filter, cancellationToken)
            .ConfigureAwait(false))
        {
            found = Read(queue, result, place);
            after = result.NextOffset;
            if (result.Status == PullStatus.OffsetIllegal)
            {
                gone = Math.Max(0, after - place.Next);
            }
        }

        foreach (ReceivedMessage message in found)
        {
            if (message.QueueOffset >= end)
            {
                break;
            }

            await messages.WriteAsync(message, cancellationToken).ConfigureAwait(false);
            ClientMetrics.Received.Add(1);
        }

        return new Place(after, found.Count > 0 ? 0 : place.Missing + gone);
    }

    private List<ReceivedMessage> Read(MessageQueue queue, PullResult result, Place place)
    {
        var found = new List<ReceivedMessage>();
        foreach (MessageView view in result)
        {
            if (view.QueueOffset < place.Next || !options.Filter.Matches(view.Tag))
            {
                continue;
            }

            try
            {
                found.Add(new ReceivedMessage(queue, view) { Missing = found.Count == 0 ? place.Missing : 0 });
            }
            catch (BadAnswerException error)
            {
                connection.Log.MessageUnreadable(queue, error.Message);
            }
        }

        return found;
    }

    /// <summary>Where a queue is read on.</summary>
    /// <param name="Next">The next offset; -1 when it is not known yet.</param>
    /// <param name="Missing">Messages directly before it that are gone.</param>
    private readonly record struct Place(long Next, long Missing);
}
