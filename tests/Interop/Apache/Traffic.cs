using System.Collections.Concurrent;
using System.Text;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Remoting;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Interop.Apache;

/// <summary>Senders that await and senders that block, a group that consumes what they send, and what became of every send.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<string, SendReceipt> _acknowledged = new();
    private readonly ConcurrentDictionary<string, ProtoBridgeMqException> _failed = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Producer _producer;
    private readonly Member _member;
    private readonly string _topic;
    private Task _sending = Task.CompletedTask;
    private int _last;

    private Traffic(string topic, Producer producer, Member member)
    {
        _topic = topic;
        _producer = producer;
        _member = member;
    }

    /// <summary>Bodies that were acknowledged, and where they are.</summary>
    public IReadOnlyDictionary<string, SendReceipt> Acknowledged => _acknowledged;

    /// <summary>Bodies whose send failed.</summary>
    public IReadOnlyDictionary<string, ProtoBridgeMqException> Failed => _failed;

    /// <summary>Bodies that the group got.</summary>
    public IEnumerable<string> Consumed => _member.Bodies;

    /// <summary>Starts the group, then the senders, on connections that log to a log.</summary>
    public static async Task<Traffic> StartAsync(ApacheTopic topic, LoudLog log)
    {
        Member member = await topic.MemberAsync(options => options.Client.LoggerFactory = log);
        // A broker that hangs must leave time for a try at another one.
        var options = new ProducerOptions { SendTimeout = TimeSpan.FromSeconds(4), AttemptTimeout = TimeSpan.FromSeconds(1), Client = topic.Options().Client };
        options.Client.LoggerFactory = log;
        var producer = new Producer(options);
        await producer.StartAsync();
        var traffic = new Traffic(topic.Name, producer, member);
        traffic._sending = Task.WhenAll([.. Enumerable.Range(0, 3).Select(_ => Task.Run(traffic.SendAwaitingAsync)), Task.Run(traffic.SendBlocking)]);
        return traffic;
    }

    /// <summary>Waits until so many more were acknowledged, by a broker or by any.</summary>
    public async Task MoreAsync(int more, string when, string? broker = null)
    {
        int before = Count(broker);
        await Eventually.True(
            () => _sending.IsCompleted || Count(broker) >= before + more, $"{more} messages more were acknowledged {broker} {when}", ApacheTopic.Patience);
        Assert.False(_sending.IsFaulted, _sending.Exception?.ToString());
    }

    /// <summary>Ends the senders, and waits until the group has everything that was acknowledged.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _sending.Within("the senders ended", ApacheTopic.Patience);
        HashSet<string> missing = [.. _acknowledged.Keys];
        await Eventually.True(
            () =>
            {
                missing.ExceptWith(Consumed);
                return missing.Count == 0;
            },
            "everything that was acknowledged was consumed",
            TimeSpan.FromMinutes(2));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _producer.DisposeAsync();
        await _member.DisposeAsync();
        _stop.Dispose();
    }

    private int Count(string? broker) => broker is null ? _acknowledged.Count : _acknowledged.Values.Count(receipt => receipt.Queue.BrokerName == broker);

    private async Task SendAwaitingAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Message message = Next(out string body);
            try
            {
                _acknowledged[body] = await _producer.SendAsync(message);
            }
            catch (ProtoBridgeMqException error)
            {
                _failed[body] = error;
            }

            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    private void SendBlocking()
    {
        while (!_stop.IsCancellationRequested)
        {
            Message message = Next(out string body);
            try
            {
                _acknowledged[body] = _producer.Send(message);
            }
            catch (ProtoBridgeMqException error)
            {
                _failed[body] = error;
            }

            _stop.Token.WaitHandle.WaitOne(Pause);
        }
    }

    private Message Next(out string body)
    {
        body = $"{Interlocked.Increment(ref _last)}";
        return new Message(_topic, Encoding.UTF8.GetBytes(body));
    }
}
