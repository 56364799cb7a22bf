using System.Diagnostics.CodeAnalysis;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>Saves the progress of a group's queues: now and then, and when a queue is lost. One save at a time, never backwards.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle to free.")]
internal sealed class GroupProgress(GroupConsumer owner)
{
    private readonly SemaphoreSlim _saving = new(1, 1);
    private long _dueAt;

    /// <summary>Starts a save when the interval is over and none is running.</summary>
    public void SaveWhenDue(long now)
    {
        if (now < _dueAt || _saving.CurrentCount == 0)
        {
            return;
        }

        _dueAt = now + owner.Options.CommitInterval.Ticks;
        QueueReader[]? changed = null;
        lock (owner.Deliveries.Gate)
        {
            foreach (QueueReader reader in owner.Deliveries.Readers)
            {
                if (reader.Window.Progress > reader.Committed)
                {
                    changed = [.. owner.Deliveries.Readers];
                    break;
                }
            }
        }

        if (changed is not null)
        {
            _ = SaveAsync(changed);
        }
    }

    /// <summary>Saves what changed; what fails is logged and left to the next time.</summary>
    public async Task SaveAsync(IReadOnlyList<QueueReader> readers)
    {
        await _saving.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            foreach (QueueReader reader in readers)
            {
                await SaveAsync(reader).ConfigureAwait(false);
            }
        }
        finally
        {
            _saving.Release();
        }
    }

    private async Task SaveAsync(QueueReader reader)
    {
        long progress;
        lock (owner.Deliveries.Gate)
        {
            progress = reader.Window.Progress;
        }

        if (progress <= reader.Committed)
        {
            return;
        }

        try
        {
            await owner.Source.CommitAsync(reader.Queue, progress, CancellationToken.None).ConfigureAwait(false);
            reader.Committed = progress;
        }
#pragma warning disable CA1031 // Progress that is not saved means messages that come twice, never lost ones.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            owner.Log.CommitFailed(owner.Group, reader.Queue.Topic, reader.Queue.QueueId, failure.Message);
        }
    }
}
