using System.Buffers;
using System.Diagnostics.Metrics;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Offsets;
using ProtoBridgeMQ.Broker.Statistics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Retention;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>
/// Transactions: half messages come in, producers end them, and those that they do not end they are asked about. All
/// that is known is in the log; what is held in memory is read from it at the start.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed partial class TransactionService : IRetentionGuard, IAsyncDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly MessageStore _store;
    private readonly OffsetTable _offsets;
    private readonly BrokerOptions _options;
    private readonly ILogger _logger;
    private readonly OpenTransactions _open = new();
    private readonly OpWriter _ops;
    private readonly HalfWatch _watch;
    private readonly TransactionMeters _meters;
    private readonly TransactionEnds _ends;
    private readonly TransactionChecks _checks;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly ITimer _soon;
    private Task _work = Task.CompletedTask;

    /// <summary>Reads the state from the log and follows it from now on.</summary>
    public TransactionService(MessageStore store, BrokerTables tables, BrokerOptions options, Meter meter, BrokerStatistics statistics, TimeProvider time, ILogger logger)
    {
        _store = store;
        _offsets = tables.Offsets;
        _options = options;
        _logger = logger;
        _meters = new TransactionMeters(meter);
        _ops = new OpWriter(store, time);
        _ends = new TransactionEnds(store, _open, _ops, options, _meters, statistics, time);
        _checks = new TransactionChecks(store, _open, _ops, tables, options, _meters, time, logger);
        _watch = new HalfWatch(_open);
        _watch.Read(store, _offsets.Query(HalfTopics.Group, HalfTopics.Half, 0), _offsets.Query(HalfTopics.Group, HalfTopics.Op, 0));
        store.AddListener(_watch);
        store.AddGuard(this);
        meter.CreateObservableGauge("broker.transactions.open", () => (long)_open.Count, description: "Transactions that have not ended");
        _timer = time.CreateTimer(static service => ((TransactionService)service!).Wake(), this, options.TransactionCheckInterval, options.TransactionCheckInterval);
        _soon = time.CreateTimer(static service => ((TransactionService)service!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many have not ended.</summary>
    public int Open => _open.Count;

    /// <inheritdoc/>
    string IRetentionGuard.Name => "open transactions";

    /// <inheritdoc/>
    long IRetentionGuard.LowestNeeded => _open.LowestPhysicalOffset();

    /// <inheritdoc/>
    bool IRetentionGuard.Reads(string topic) => topic is HalfTopics.Half or HalfTopics.Op;

    /// <summary>Begins to ask.</summary>
    public void Start() => _work = Task.Run(RunAsync);

    /// <summary>Why a half message is not taken; null when it is.</summary>
    public SendOutcome? Refuse(in SendRequest request)
    {
        if (_options.RejectTransactions)
        {
            return new SendOutcome(SendStatus.NoPermission, Remark: $"the broker[{_options.Listen}] sending transaction message is forbidden");
        }

        return _open.Count >= _options.MaxOpenTransactions
            ? new SendOutcome(SendStatus.Busy, Remark: $"broker busy: {_options.MaxOpenTransactions} transactions are open, as many as may be")
            : null;
    }

    /// <summary>Appends a half message; it lies in its own topic until it is ended.</summary>
    public AppendResult Append(in MessageToStore message)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties));
            if (!HalfProperties.TryPrepare(ref writer, message.Properties, message.Topic, message.QueueId))
            {
                return new AppendResult(AppendStatus.PropertiesTooLarge);
            }

            AppendResult appended = _store.Append(new MessageToStore
            {
                Topic = HalfTopics.HalfUtf8,
                QueueId = 0,
                Body = message.Body,
                Properties = writer.Written,
                Flag = message.Flag,
                SysFlag = message.SysFlag & ~MessageSysFlag.TransactionMask,
                BornTimestamp = message.BornTimestamp,
                BornHost = message.BornHost,
                ReconsumeTimes = message.ReconsumeTimes,
            });
            if (appended.Status == AppendStatus.Appended)
            {
                _meters.Begun();
            }

            return appended;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Opens a transaction again that was put aside; why not, or null when it was appended.</summary>
    public string? Resume(in MessageRecord aside, out AppendResult appended)
    {
        appended = default;
        if (!HalfProperties.IsHalf(aside.Properties) || !HalfProperties.TryTarget(aside.Properties, out _, out _))
        {
            return "the message is not the half of a transaction";
        }

        if (aside.Topic.SequenceEqual(HalfTopics.HalfUtf8))
        {
            return "the message was not put aside: while its transaction is open its producer is asked";
        }

        if (_open.Count >= _options.MaxOpenTransactions)
        {
            return $"broker busy: {_options.MaxOpenTransactions} transactions are open, as many as may be";
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageRecord.MaxProperties);
        try
        {
            var writer = new PropertyTextWriter(buffer.AsSpan(0, MessageRecord.MaxProperties));
            if (HalfProperties.TryResume(ref writer, aside.Properties))
            {
                appended = _store.Append(new MessageToStore
                {
                    Topic = HalfTopics.HalfUtf8,
                    QueueId = 0,
                    Body = aside.Body,
                    Properties = writer.Written,
                    Flag = aside.Flag,
                    SysFlag = aside.SysFlag,
                    BornTimestamp = aside.BornTimestamp,
                    BornHost = aside.BornHost,
                    ReconsumeTimes = aside.ReconsumeTimes,
                });
                if (appended.Status == AppendStatus.Appended)
                {
                    _meters.Begun();
                    return null;
                }
            }

            return "Put message back to RMQ_SYS_TRANS_HALF_TOPIC failed.";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Ends a transaction.</summary>
    public ValueTask<EndOutcome> EndAsync(in TransactionEnd end) => _ends.EndAsync(end);

    /// <summary>Notes from where on a start must read, and tries again what could not be written.</summary>
    public void Flush()
    {
        (long half, long op) = _open.Progress();
        _offsets.Commit(HalfTopics.Group, HalfTopics.Half, 0, half);
        _offsets.Commit(HalfTopics.Group, HalfTopics.Op, 0, op);
        _ops.Retry();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _soon.DisposeAsync();
        await _stop.CancelAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _store.RemoveListener(_watch);
        _stop.Dispose();
        _wake.Dispose();
    }

    private void Wake()
    {
        try
        {
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
        catch (Exception error) when (error is SemaphoreFullException or ObjectDisposedException)
        {
            // Two came at once: it is awake. Or it is over.
        }
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await _wake.WaitAsync(_stop.Token);
            try
            {
                if (await _checks.PassAsync(_stop.Token))
                {
                    _soon.Change(Second, Timeout.InfiniteTimeSpan);
                }
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                LogFailed(_logger, error);
            }
        }
    }

    [LoggerMessage(EventId = 4020, Level = LogLevel.Error, Message = "Looking at open transactions failed; it is tried again at the next interval")]
    private static partial void LogFailed(ILogger logger, Exception error);
}
