using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Dispatch;
using ProtoBridgeMQ.Store.Durability;
using ProtoBridgeMQ.Tests.Store.LightQueues;
using ProtoBridgeMQ.Tests.Store.Timers;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Faults.Model;

/// <summary>A store on a faulty disk, the model beside it, and what is done to both.</summary>
internal sealed class History : IDispatchListener, IDisposable
{
    private const int SegmentSize = 16 << 10;

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    private readonly StoreModel _model = new();
    private readonly ManualClock _clock = new();
    private readonly List<int> _flips = [];
    private readonly ManualResetEventSlim _hold = new(true);
    private MessageStore? _store;
    private FlushMode _mode = FlushMode.Fsync;
    private long _refusedFrom = long.MaxValue;
    private string? _broken;
    private bool _hasFailed;
    private bool _wasAsync;
    private int _opened;

    public FaultyFileSystem Files { get; } = new(1);

    private MessageStore Store => _store ?? throw new InvalidOperationException("The store is not open.");

    /// <summary>Runs a history from an empty disk; at its end the power goes once more.</summary>
    public static async Task RunAsync(IReadOnlyList<Command> commands)
    {
        using var history = new History();
        history.Open(all: true);
        foreach (var command in commands)
        {
            await command.RunAsync(history);
            Assert.True(history._broken is null, history._broken);
        }

        history.Files.ClearFaults();
        await history.CrashAsync(commands.Count, FlushMode.Fsync);
        await history.MakeRoomAsync();
        await history.PassAllTimersAsync();
        await history.RestartAsync(FlushMode.Fsync);
        history._model.Timers.CheckAllCame(history._model);
        Assert.DoesNotContain(history.Store.Repairs, repair => repair.Name != "DamagedRecord" || !history._model.HasDamage);
        await history.Store.DisposeAsync();
        Assert.True(history._broken is null, history._broken);
    }

    public void Append(int queue, int size)
    {
        var (topic, queueId) = StoreModel.QueueOf(queue);
        var body = _model.NextBody(size);
        Span<byte> properties = stackalloc byte[64];
        var writer = new PropertyTextWriter(properties);
        writer.TryAdd("TAGS", "tag");
        var hasProperties = size % 3 != 0;
        var key = hasProperties && size % 2 == 0 ? $"key{size % 5}" : null;
        if (key is not null)
            writer.TryAdd("KEYS", key);
        var result = Store.Append(new MessageToStore
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            QueueId = queueId,
            Body = Encoding.UTF8.GetBytes(body),
            Properties = hasProperties ? writer.Written : default,
            BornHost = HostAddress.Loopback(1),
        });
        if (IsAppended(result))
            _model.Add(new Appended(topic, queueId, body, result.QueueOffset, result.PhysicalOffset, result.End.Value, key));
    }

    public void AppendBatch(int queue, int count)
    {
        var (topic, queueId) = StoreModel.QueueOf(queue);
        var bodies = Enumerable.Range(0, count).Select(i => _model.NextBody(count * 50)).ToList();
        var buffer = new byte[bodies.Sum(body => body.Length + BatchBody.Overhead)];
        var at = 0;
        foreach (var body in bodies)
            at += BatchBody.Write(buffer.AsSpan(at), 7, Encoding.UTF8.GetBytes(body), default);
        var result = Store.AppendBatch(new MessageToStore { Topic = Encoding.UTF8.GetBytes(topic), QueueId = queueId, Body = buffer });
        if (!IsAppended(result))
            return;
        Assert.Equal(count, result.Count);
        var offset = result.PhysicalOffset;
        for (var i = 0; i < count; i++)
        {
            var end = i == count - 1 ? result.End.Value : offset + (result.Size / count);
            _model.Add(new Appended(topic, queueId, bodies[i], result.QueueOffset + i, offset, end));
            offset = end;
        }
    }

    public void PutAway(int milliseconds)
    {
        var body = _model.NextBody(0);
        var at = _clock.Now() + milliseconds;
        var result = Store.AppendTimer(_clock, TimerModel.Target, body, at);
        if (!IsAppended(result))
            return;
        _model.Add(new Appended(TimerModel.Waiting, 0, body, result.QueueOffset, result.PhysicalOffset, result.End.Value));
        _model.Timers.Add(body, at, result.PhysicalOffset);
    }

    public async Task RecallAsync(int which)
    {
        if (_model.Timers.Recallable(which, _clock.Now()) is not { } timer)
            return;

        // As the broker does, with the time that a recall handle carries.
        var outMs = timer.At % 1000 == 0 ? timer.At - 1000 : timer.At / 1000 * 1000;
        if (outMs + 1 <= _clock.Now())
            return;
        var result = Store.Recall(_clock, TimerModel.Target, timer.Body, outMs + 1);
        if (!IsAppended(result))
            return;
        _model.Add(new Appended(TimerModel.Waiting, 0, TimerModel.Recall, result.QueueOffset, result.PhysicalOffset, result.End.Value));
        timer.RecallOffset = result.PhysicalOffset;
        if (_mode != FlushMode.Fsync || _hasFailed || Files.HoldFlush is not null)
            return;
        Assert.Equal(DurabilityStatus.Durable, await Store.WaitDurableAsync(result.End).Within("durable"));
        _model.KeepTo(result.End.Value);
        timer.IsRecalled = true;
    }

    public void Pass(int milliseconds) => _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));

    public void MakeLightQueue(int queue)
    {
        ReleaseFlushes();
        _model.LightQueues.Create(LightQueueModel.NameOf(queue), Store, mayFail: _hasFailed || Files.IsShort);
    }

    public void DeleteLightQueue(int queue)
    {
        ReleaseFlushes();
        _model.LightQueues.Delete(LightQueueModel.NameOf(queue), Store, mayFail: _hasFailed || Files.IsShort);
    }

    /// <summary>Before the store is opened the next time a bit of a message that is on the disk is another one.</summary>
    public void FlipBit(int seed) => _flips.Add(seed);

    public async Task AcknowledgeAsync()
    {
        ReleaseFlushes();
        var end = Store.Written;
        var status = await Store.WaitDurableAsync(end).Within("durable");
        if (_mode == FlushMode.Async)
            return;
        if (status == DurabilityStatus.Failed)
        {
            _refusedFrom = Math.Min(_refusedFrom, end.Value);
            Assert.True(_hasFailed, "a wait failed though the disk never did");
            Assert.Equal(StoreCondition.ReadOnly, Store.State.Condition);
            return;
        }

        Assert.True(end.Value < _refusedFrom || end.Value == 0, "acknowledged after a failed flush");
        _model.KeepTo(end.Value);
    }

    public async Task DispatchAsync()
    {
        ReleaseFlushes();
        if (!Files.IsShort)
            await DispatchedAsync();
    }

    public void Read()
    {
        var seen = Store.Dispatched.Value;
        foreach (var queue in Store.Queues)
        {
            if (TimerModel.IsQueue(queue.Topic))
                continue;
            var known = _model.All.Where(message => message.Topic == queue.Topic && message.QueueId == queue.QueueId).ToList();
            var count = queue.MaxOffset;
            Assert.True(count == 0 || count <= known[^1].QueueOffset + 1, $"{queue.Topic}/{queue.QueueId} has {count} entries of {known.Count}");
            if (_hasFailed || count == queue.MinOffset)
                continue;
            Assert.True(queue.TryReadEntry(count - 1, out var entry));
            using var lease = Store.ReadRecord(entry.PhysicalOffset, entry.Size);
            if (lease.IsEmpty)
                continue;
            Assert.True(lease.TryRead(out var record));
            Assert.Equal(known.Single(message => message.QueueOffset == count - 1).Body, Encoding.UTF8.GetString(record.Body));
            seen = Math.Max(seen, entry.PhysicalOffset + entry.Size);
        }

        if (_mode == FlushMode.Fsync)
            _model.KeepTo(seen);
    }

    public void Checkpoint()
    {
        ReleaseFlushes();
        if (!Store.WriteCheckpoint())
            Assert.True(_hasFailed, "a checkpoint failed though the disk never did");
    }

    public void DeleteHead(int percent)
    {
        ReleaseFlushes();
        var offset = Store.MinPhysicalOffset + ((Store.Dispatched.Value - Store.MinPhysicalOffset) * percent / 100);
        if (!_model.Timers.IsEmpty)
            _model.Learn(Store);
        _model.MayDelete(offset);
        Store.DeleteBefore(offset, force: true);
    }

    /// <summary>Makes a topic a compacted one.</summary>
    public void Compact()
    {
        ReleaseFlushes();
        var from = Store.MinPhysicalOffset;
        try
        {
            Store.CompactedTopics.Add(StoreModel.CompactedTopic);
            _model.Compact(from);
        }
        catch (Exception failure) when (failure is IOException or StoreUnusableException)
        {
            Assert.True(_hasFailed || Files.IsShort, $"a topic could not be made a compacted one though the disk never failed: {failure.Message}");
        }
    }

    public void HoldFlushes()
    {
        _hold.Reset();
        Files.HoldFlush = _hold;
    }

    public async Task MakeRoomAsync()
    {
        Files.MakeRoom();
        ReleaseFlushes();
        await DispatchedAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
    }

    public void Fail(Fault fault)
    {
        _hasFailed = true;
        Files.Add(fault);
    }

    /// <summary>Calls find no room, or no handle, until there is: nothing else may go wrong for that.</summary>
    public void Lack(Fault fault) => Files.Add(fault);

    public void FailWriteBack(int seed)
    {
        _hasFailed = true;
        Files.FailWriteBack(seed);
    }

    public void StopAfter(int calls)
    {
        _hasFailed = true;
        Files.StopAfter(calls);
    }

    public async Task RestartAsync(FlushMode mode)
    {
        ReleaseFlushes();
        Sample();
        await Store.DisposeAsync().AsTask().Within("closed");
        var isClean = !Files.IsStopped && !Files.FileExists("/store/abort");
        Assert.True(isClean || _hasFailed || Files.IsShort, "the abort file stays though the disk did what it was asked");
        if (isClean)
            _model.KeepAll();
        var all = isClean || _mode == FlushMode.Async;
        _mode = mode;
        Open(all);
    }

    /// <summary>The process dies; the machine too when there is a seed.</summary>
    public async Task CrashAsync(int? seed, FlushMode mode)
    {
        Sample();
        var isPowerCut = seed is not null || Files.IsStopped;
        Files.Crash(isPowerCut, seed ?? 0);
        ReleaseFlushes();
        await Store.DisposeAsync().AsTask().Within("ended");
        // With fsync, what nobody was promised was in the memory of the process.
        var all = !isPowerCut && _mode == FlushMode.Async && !Files.HasForgotten;
        _mode = mode;
        Open(all);
    }

    public void OnDispatched(in DispatchedMessage message)
    {
        var end = message.Record.PhysicalOffset + message.Record.Size;
        if (_store is { } store && _mode == FlushMode.Fsync && end > store.Durable.Value)
            _broken = $"A listener was told of a message that ends at {end}; durable is {store.Durable.Value}.";
    }

    public void OnBatchEnd(long offset)
    {
    }

    public void Dispose()
    {
        _hold.Set();
        _hold.Dispose();
    }

    private bool IsAppended(AppendResult result)
    {
        switch (result.Status)
        {
            case AppendStatus.Appended:
                Assert.True(result.PhysicalOffset >= _model.End);
                return true;
            case AppendStatus.DiskFull:
                return false;
            case AppendStatus.ReadOnly:
                Assert.True(_hasFailed, $"read-only though the disk never failed: {Store.State.Reason}");
                return false;
            default:
                Assert.Fail($"{result.Status}: {Store.State.Reason}");
                return false;
        }
    }

    /// <summary>What is on the disk, and what a consumer could have read, has to be there after whatever comes now.</summary>
    private void Sample()
    {
        Read();
        if (!_hasFailed && !_model.Timers.IsEmpty)
            _model.Learn(Store);
        _model.KeepTo(Store.Durable.Value);
    }

    private async Task PassAllTimersAsync()
    {
        if (_model.Timers.IsEmpty)
            return;
        do
            await Store.Pass(_clock, TimeSpan.FromSeconds(10));
        while (_clock.Now() < _model.Timers.LastAt + 3000);
    }

    private void FlipBits()
    {
        foreach (var random in _flips.Select(seed => new Random(seed)))
        {
            if (_model.ToDamage(random) is not { } message)
                continue;
            var size = (int)(message.End - message.PhysicalOffset);
            var segment = message.PhysicalOffset / SegmentSize * SegmentSize;
            Files.FlipBit($"/store/commitlog/{segment:D20}", message.PhysicalOffset - segment + random.Next(size), random.Next(8));
            _model.Damage(message);
        }

        _flips.Clear();
    }

    private void ReleaseFlushes()
    {
        Files.HoldFlush = null;
        _hold.Set();
    }

    private async Task DispatchedAsync()
    {
        var wait = Store.WaitDispatchedAsync().AsTask();
        if (await Task.WhenAny(wait, Task.Delay(LookAgain, TimeProvider.System)) != wait)
        {
            // The clock is the test's: a dispatcher that waits for room waits for it.
            await Eventually.True(() =>
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                return wait.IsCompleted;
            }, "dispatched");
        }

        if (await wait == DurabilityStatus.Failed)
            Assert.True(_hasFailed, $"dispatch gave up though the disk never failed: {Store.State.Reason}");
    }

    private void Open(bool all)
    {
        _refusedFrom = long.MaxValue;
        _store = null;
        _opened++;
        FlipBits();
        for (var attempt = 0; _store is null; attempt++)
        {
            var owes = Files.OwesErrors;
            try
            {
                _store = MessageStore.Open(Options(), new FaultyProcess(Files), _clock, listeners: [this], lightQueueSelector: new NameSelector());
            }
            catch (StoreUnusableException refusal)
            {
                Assert.True(owes || (attempt == 0 && (_hasFailed || Files.IsShort)), $"refused: {refusal.Message}");
                Files.ClearFaults();
                Files.MakeRoom();
                all &= !Files.IsStopped;
                Files.Crash(Files.IsStopped, attempt);
                // Of what was only in the page cache, the start that failed may have had some refused.
                all &= !Files.HasForgotten;
            }
        }

        _hasFailed = Files.HasFaults;
        Files.ClearFaults();
        Assert.DoesNotContain(_store.Repairs, repair => repair.Crash.StartsWith("No crash", StringComparison.Ordinal) && repair.Name != "DamagedRecord" && !(repair.Name == "LostFirstQueueFile" && _wasAsync));
        _wasAsync = _mode == FlushMode.Async;
        _model.Check(_store, all);
        _store.Timers.Start();
    }

    private StoreOptions Options() => new()
    {
        Directory = "/store",
        SegmentSize = SegmentSize,
        QueueFileEntries = 16,
        IndexSlots = 20,
        IndexEntries = 40,
        MaxOpenQueueFiles = 4,
        MaxBodySize = 12 << 10,
        CheckpointInterval = TimeSpan.FromMinutes(10),
        AsyncFlushInterval = TimeSpan.FromSeconds(30),
        RefuseWatermark = 1,
        MaxUnwrittenQueueBytes = _opened % 2 == 0 ? 64 << 20 : 0,
        SyncFileSystemAbove = _opened % 3,
        TimerWheelSlots = 90,
        TimerRollWindow = TimeSpan.FromSeconds(20),
        LightQueueFileSize = 4096,
        TimerLogFileSize = 4096,
        FlushMode = _mode,
    };
}
