using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Transactions;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Transactions;

namespace ProtoBridgeMQ.Gateway.Cluster.Exchanges;

/// <summary>
/// The gateway as a producer of one group, which brokers ask about open transactions. Every question goes to the front, and the broker is told that
/// the outcome is not known yet: the front ends the transaction when it has the answer.
/// </summary>
internal sealed class AskedGroup : IDisposable
{
    /// <summary>A topic that every broker has, of Apache's and ours: its route is that of all brokers, which heartbeats go to.</summary>
    private const string OfEveryBroker = "SELF_TEST_TOPIC";

    private readonly ClusterConnection _connection;
    private readonly string _group;
    private readonly Action<TransactionCheck> _asked;
    private readonly ILogger _log;
    private readonly TransactionAnswers _answers;
    private readonly CancellationTokenSource _left = new();
    private int _isDisposed;

    public AskedGroup(ClusterConnection connection, string group, Action<TransactionCheck> asked, ILogger log)
    {
        _connection = connection;
        _group = group;
        _asked = asked;
        _log = log;
        _answers = new TransactionAnswers(connection, new TransactionProducerOptions { Group = group, MaxConcurrentChecks = 1 }, Hand);
        try
        {
            connection.Transactions.Add(group, _answers);
        }
        catch (InvalidOperationException)
        {
            _answers.Dispose();
            _left.Dispose();
            throw new BridgeException(BridgeError.InvalidArgument, $"This gateway is a producer of group {group} already.");
        }

        _answers.Start();
        connection.Heartbeats.AddProducer(group);
        _ = StayKnownAsync();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        _connection.Transactions.Remove(_group);
        _left.Cancel();
        _ = LeaveAsync(_connection.Heartbeats.RemoveProducer(_group));
    }

    private ValueTask<TransactionOutcome> Hand(ReceivedMessage half, CancellationToken cancellationToken)
    {
        // Brokers of 4.x do not say their name: they are known by where they stored the message.
        string address = half.StoreHost.ToString();
        string? broker = half.Queue.BrokerName is { Length: > 0 } name ? name : BrokerAt(address);
        if (broker is null)
        {
            _log.QuestionFromUnknown(_group, address);
            return ValueTask.FromResult(TransactionOutcome.Unknown);
        }

        var place = new HalfPlace(half.MessageId, half.QueueOffset, half.LogOffset, _group, broker, half.Topic, WasAsked: true);
        _asked(new TransactionCheck(place.Write(), place.Key, MessageCopy.Of(half)));
        return ValueTask.FromResult(TransactionOutcome.Unknown);
    }

    private string? BrokerAt(string address)
        => _connection.Routes.Brokers.FirstOrDefault(broker => broker.Addresses.Values.Contains(address))?.Name;

    /// <summary>Routes that nobody asks for are forgotten, and heartbeats go where routes lead.</summary>
    private async Task StayKnownAsync()
    {
        using var timer = new PeriodicTimer(_connection.Options.RouteRefreshInterval, _connection.Options.TimeProvider);
        try
        {
            do
            {
                await LookAsync().ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(_left.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception defect)
        {
            _log.Defect(defect);
            throw;
        }
    }

    private async ValueTask LookAsync()
    {
        try
        {
            await _connection.Routes.FindAsync(OfEveryBroker, _left.Token).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException failure)
        {
            _log.GroupNotTold(_group, failure.Message);
        }
    }

    private async Task LeaveAsync(bool wasLast)
    {
        await _answers.StopAsync().ConfigureAwait(false);
        if (wasLast && !_connection.Stopped.IsCancellationRequested)
        {
            await _connection.Heartbeats.LeaveAsync(_group, null, CancellationToken.None).ConfigureAwait(false);
        }

        _answers.Dispose();
        _left.Dispose();
    }
}
