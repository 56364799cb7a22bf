using System.Text;
using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>A native member with a connection of its own, which handles what it is given.</summary>
internal sealed class NativeWorker : IAsyncDisposable
{
    private readonly MixedCluster _cluster;
    private readonly ClusterConnection _connection;
    private readonly PushConsumer _consumer;
    private readonly Random _random;
    private volatile bool _dead;

    public NativeWorker(MixedCluster cluster, string nameServers, string group, int seed)
    {
        _cluster = cluster;
        _random = new Random(seed);
        _connection = new ClusterConnection(new ClientOptions { NameServers = nameServers, MissingTopicInterval = TimeSpan.FromMilliseconds(100) });
        _consumer = new PushConsumer(
            _connection,
            new PushConsumerOptions
            {
                Group = group,
                From = ConsumeFrom.First,
                MaxConcurrency = 4,
                RebalanceInterval = TimeSpan.FromSeconds(1),
                CommitInterval = TimeSpan.FromMilliseconds(50),
                RetryPause = TimeSpan.FromMilliseconds(100),
                StopTimeout = TimeSpan.FromSeconds(5),
            },
            HandleAsync);
    }

    public string ClientId => _connection.ClientId;

    public IEnumerable<int> QueuesOf(string topic)
        => _consumer.Assignment.Queues.Where(queue => queue.Topic == topic).Select(queue => queue.QueueId).Order();

    public Task StartAsync(string topic)
    {
        _consumer.Subscribe(topic);
        return _consumer.StartAsync();
    }

    /// <summary>Its connection breaks: it saves nothing and says no farewell.</summary>
    public async Task KillAsync()
    {
        _dead = true;
        await _connection.DisposeAsync();
        try
        {
            await _consumer.DisposeAsync();
        }
        catch (ObjectDisposedException)
        {
            // The dead do not leave in order.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _consumer.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
    {
        string body = Encoding.UTF8.GetString(message.Body.Span);
        bool refuse;
        lock (_random)
        {
            refuse = message.ReconsumeTimes == 0 && (_cluster.RefuseAtFirst || _random.Next(30) == 0);
        }

        if (refuse || _dead)
        {
            _cluster.Handlings.SentBack(body, "native");
            return ValueTask.FromResult(ConsumeResult.RetryLater);
        }

        _cluster.Handlings.Handled(body, "native");
        return ValueTask.FromResult(ConsumeResult.Success);
    }
}
