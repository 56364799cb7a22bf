namespace ProtoBridgeMQ.Client.Consuming;

/// <summary>Where a group's progress is kept.</summary>
internal interface IGroupProgress
{
    /// <summary>Where to start in a queue.</summary>
    ValueTask<StartOffset> FindStartAsync(MessageQueue queue, CancellationToken cancellationToken);

    /// <summary>Keeps the progress of a queue.</summary>
    ValueTask CommitAsync(MessageQueue queue, long offset, CancellationToken cancellationToken);
}

/// <summary>Progress that the brokers keep: the group shares it.</summary>
internal sealed class BrokerProgress(QueueReader reader, ConsumeFrom from, DateTimeOffset fromTime) : IGroupProgress
{
    public async ValueTask<StartOffset> FindStartAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        StartOffset start = await reader.FindStartAsync(queue, from, fromTime, cancellationToken).ConfigureAwait(false);
        if (!start.IsCommitted)
        {
            // Or a crash before the first commit would make the group begin later, behind messages it never saw.
            await reader.CommitAsync(queue, start.Offset, cancellationToken).ConfigureAwait(false);
        }

        return start;
    }

    public ValueTask CommitAsync(MessageQueue queue, long offset, CancellationToken cancellationToken)
        => reader.CommitAsync(queue, offset, cancellationToken);
}

/// <summary>Progress that the application keeps.</summary>
internal sealed class StoredProgress(QueueReader reader, ConsumeFrom from, DateTimeOffset fromTime, IOffsetStore store) : IGroupProgress
{
    public async ValueTask<StartOffset> FindStartAsync(MessageQueue queue, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(queue, cancellationToken).ConfigureAwait(false) is { } known)
        {
            return new StartOffset(known, true);
        }

        long offset = await reader.FindFirstAsync(queue, from, fromTime, cancellationToken).ConfigureAwait(false);
        await store.SaveAsync(queue, offset, cancellationToken).ConfigureAwait(false);
        return new StartOffset(offset, false);
    }

    public ValueTask CommitAsync(MessageQueue queue, long offset, CancellationToken cancellationToken)
        => store.SaveAsync(queue, offset, cancellationToken);
}
