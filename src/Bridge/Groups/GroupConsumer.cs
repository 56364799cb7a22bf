using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>
/// One group in this gateway: a single member of the group for all its streams. It reads the member's queues ahead,
/// fans the messages out to the streams that have credit, and keeps leases and progress.
/// <code>
///   IGroupSource -> QueueReader (window, read-ahead) -> Take -> GroupStream -> front
///        ^ commit, send back, dead letter               | InFlightTable (leases)
///        +-----------------------------------------------+
/// </code>
/// This type keeps the membership: what is subscribed, which queues are read, when the group is left. All of that
/// changes under <c>_changing</c>.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "CloseAsync ends it; the semaphore and the token source have no timer and no wait handle to free.")]
internal sealed class GroupConsumer
{
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly GroupProgress _progress;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<GroupConsumer> _onClosed;
    private readonly ITimer _tick;
    private Task _following = Task.CompletedTask;
    private long _appliedVersion = -1;
    private volatile bool _closing;

    public GroupConsumer(string group, IGroupSource source, GroupOptions options, TimeProvider clock, ILogger log, Action<GroupConsumer> onClosed)
    {
        Group = group;
        Source = source;
        Options = options;
        Clock = clock;
        Log = log;
        _onClosed = onClosed;
        Deliveries = new GroupDeliveries(this);
        Topics = new GroupTopics(group, options, Deliveries);
        _progress = new GroupProgress(this);
        source.MembersChanging = () => Deliveries.GiveUp([.. Source.Assignment.Queues], _progress);
        Stopping = _stop.Token;
        _tick = clock.CreateTimer(static consumer => ((GroupConsumer)consumer!).Tick(), this, options.LeaseCheckInterval, options.LeaseCheckInterval);
        GroupMetrics.Consumers.Add(1);
    }

    public string Group { get; }

    public IGroupSource Source { get; }

    public GroupOptions Options { get; }

    public TimeProvider Clock { get; }

    public ILogger Log { get; }

    /// <summary>The messages on their way.</summary>
    public GroupDeliveries Deliveries { get; }

    /// <summary>What the member is subscribed to.</summary>
    public GroupTopics Topics { get; }

    /// <summary>Cancelled when the group is left.</summary>
    public CancellationToken Stopping { get; }

    /// <summary>Completes when the group was left.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Opens a stream; null when the group is being left at this moment.</summary>
    public async ValueTask<GroupStream?> TryOpenAsync(SubscribeRequest request, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_closing)
            {
                return null;
            }

            if (Deliveries.Streams.Count >= Options.MaxStreamsPerGroup)
            {
                throw new BridgeException(BridgeError.Busy, $"Group {Group} has as many streams here as it may have.");
            }

            var stream = new GroupStream(this, request);
            await SubscribeAsync(stream, request.Topics, cancellationToken).ConfigureAwait(false);
            await LookAsync(cancellationToken).ConfigureAwait(false);
            stream.Opened();
            Deliveries.Add(stream);
            return stream;
        }
        catch when (Deliveries.Streams.Count == 0 && !_closing)
        {
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async ValueTask SelectAsync(GroupStream stream, TopicSelection topics, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closing || stream.IsClosed, stream);
            await SubscribeAsync(stream, topics, cancellationToken).ConfigureAwait(false);
            lock (Deliveries.Gate)
            {
                stream.Selection = topics;
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Leaves the group: streams are closed, progress is saved.</summary>
    public async ValueTask CloseAllAsync()
    {
        GroupStream[] streams;
        lock (Deliveries.Gate)
        {
            streams = [.. Deliveries.Streams];
        }

        foreach (GroupStream stream in streams)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        await _changing.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Begins again in queues whose progress an operator set. What was read ahead of them is dropped, and deliveries in flight are not known any more.</summary>
    public async ValueTask FollowResetsAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            List<QueueReader> reset = Deliveries.Readers.Where(reader => Source.IsReset(reader.Queue)).ToList();
            if (_closing || reset.Count == 0)
            {
                return;
            }

            await LoseAsync(reset).ConfigureAwait(false);
            await ApplyAsync(Source.Assignment, _stop.Token).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async ValueTask SubscribeAsync(GroupStream stream, TopicSelection topics, CancellationToken cancellationToken)
    {
        if (!Topics.TryAdd(stream, topics, out List<string> refiltered))
        {
            return;
        }

        if (_following == Task.CompletedTask)
        {
            Log.Joined(Group, stream.Subscriber);
        }

        await Source.SubscribeAsync(Topics.Subscriptions, cancellationToken).ConfigureAwait(false);
        // What was read ahead with another filter is read again.
        await LoseAsync(Deliveries.Readers.Where(reader => refiltered.Contains(reader.Queue.Topic)).ToList()).ConfigureAwait(false);
        await ApplyAsync(Source.Assignment, cancellationToken).ConfigureAwait(false);
        Topics.InForce();
        if (_following == Task.CompletedTask)
        {
            _following = Task.Run(FollowAssignmentAsync, CancellationToken.None);
        }
    }

    // So that the first receive finds what lies in all queues, not only what the fastest of them gave.
    private async ValueTask LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(Deliveries.Readers.Select(reader => reader.Looked)).WaitAsync(Options.FirstLook, Clock, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A queue that does not answer must not hold up the others.
        }
    }

    private async Task FollowAssignmentAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await Source.WaitForAssignmentAsync(Volatile.Read(ref _appliedVersion), _stop.Token).ConfigureAwait(false);
                await _changing.WaitAsync(_stop.Token).ConfigureAwait(false);
                try
                {
                    await ApplyAsync(Source.Assignment, _stop.Token).ConfigureAwait(false);
                }
                finally
                {
                    _changing.Release();
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // The loop must outlive whatever one assignment throws; it is logged and tried again.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                Log.AssignmentFailed(Group, failure.Message);
                await Task.Delay(Options.RetryPause, Clock, _stop.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async ValueTask ApplyAsync(GroupAssignment assignment, CancellationToken cancellationToken)
    {
        HashSet<GroupQueue> wanted = [.. assignment.Queues];
        List<QueueReader> lost = Deliveries.Readers.Where(reader => reader.IsLost || !wanted.Contains(reader.Queue)).ToList();
        await LoseAsync(lost).ConfigureAwait(false);
        wanted.ExceptWith(Deliveries.Readers.Select(reader => reader.Queue));
        foreach (GroupQueue queue in wanted)
        {
            long start = await Source.FindStartAsync(queue, Topics.StartOf(queue.Topic), cancellationToken).ConfigureAwait(false);
            var reader = new QueueReader(this, queue, start, assignment.IsShared ? Options.HandoverPause : TimeSpan.Zero);
            Deliveries.Add(reader);
            reader.Start();
        }

        GroupMetrics.QueuesTaken.Add(wanted.Count);
        Log.Assigned(Group, wanted.Count, lost.Count, Deliveries.Readers.Count);
        Volatile.Write(ref _appliedVersion, assignment.Version);
    }

    private async ValueTask LoseAsync(List<QueueReader> lost)
    {
        Deliveries.Lose(lost);
        GroupMetrics.QueuesGivenUp.Add(lost.Count);
        foreach (QueueReader reader in lost)
        {
            await reader.DisposeAsync().ConfigureAwait(false);
        }

        await _progress.SaveAsync(lost).ConfigureAwait(false);
    }

    private void Tick()
    {
        if (_closing)
        {
            return;
        }

        long now = Clock.GetUtcNow().UtcTicks;
        Deliveries.TakeBackExpired(now);
        _progress.SaveWhenDue(now);
        if (Topics.HasIdle(now))
        {
            _ = DropIdleAsync();
        }

        if (Deliveries.HasReset())
        {
            _ = FollowResetsLaterAsync();
        }
    }

    private async Task FollowResetsLaterAsync()
    {
        try
        {
            await FollowResetsAsync(_stop.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody awaits it; the next tick tries again.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Log.AssignmentFailed(Group, failure.Message);
        }
    }

    private async Task DropIdleAsync()
    {
        if (!await _changing.WaitAsync(TimeSpan.Zero, CancellationToken.None).ConfigureAwait(false))
        {
            return;
        }

        try
        {
            if (_closing || !Topics.DropIdle(Clock.GetUtcNow().UtcTicks))
            {
                return;
            }

            if (Topics.Subscriptions.Count == 0)
            {
                await CloseAsync().ConfigureAwait(false);
                return;
            }

            await Source.SubscribeAsync(Topics.Subscriptions, _stop.Token).ConfigureAwait(false);
            await ApplyAsync(Source.Assignment, _stop.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody awaits it; the assignment is applied by the next change.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            Log.AssignmentFailed(Group, failure.Message);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Under <c>_changing</c>.</summary>
    private async ValueTask CloseAsync()
    {
        if (_closing)
        {
            return;
        }

        _closing = true;
        await _tick.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _following.ConfigureAwait(false);
        await LoseAsync([.. Deliveries.Readers]).ConfigureAwait(false);
        Deliveries.Close();
        try
        {
            await Source.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            GroupMetrics.Consumers.Add(-1);
            Log.Left(Group);
            _onClosed(this);
            _closed.TrySetResult();
        }
    }
}
