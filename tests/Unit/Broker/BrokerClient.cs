using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Handlers;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>A client at the other end of two pipes: real frames, no sockets.</summary>
internal sealed class BrokerClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly RemotingConnection _client;
    private readonly Task _clientRun;
    private readonly Task _serverRun;
    private bool _disposed;

    public BrokerClient(BrokerCore core, TimeProvider clock, Action<RequestRoutes>? answers = null)
    {
        var there = new Pipe();
        var back = new Pipe();
        var server = new RemotingConnection(
            new Ends(there.Reader, back.Writer), BrokerRoutes.Of(core, clock, NullLoggerFactory.Instance), new RemotingOptions(), TimeProvider.System,
            NullLogger.Instance, new IPEndPoint(IPAddress.Loopback, 40000), new IPEndPoint(IPAddress.Loopback, 10911), BrokerRoutes.Observer(core));
        RequestRoutes routes = new RequestRoutes().Add(RequestCode.NotifyConsumerIdsChanged, new Notices(Noticed));
        answers?.Invoke(routes);
        _client = new RemotingConnection(
            new Ends(back.Reader, there.Writer), routes,
            new RemotingOptions(), TimeProvider.System, NullLogger.Instance);
        _serverRun = server.RunAsync();
        _clientRun = _client.RunAsync(_stop.Token);
    }

    /// <summary>Groups whose members changed, as the broker told us.</summary>
    public ConcurrentQueue<string> Noticed { get; } = new();

    public Task<RemotingResponse> AskAsync<THeader>(int code, THeader header, ReadOnlyMemory<byte> body = default)
        where THeader : struct, IHeaderWriter => _client.InvokeAsync(code, header, body, Patience).AsTask();

    public Task<RemotingResponse> SendAsync(
        string topic, string body, string? tag = null, int queueId = 0, int delay = 0, string defaultTopic = "TBW102", int code = RequestCode.SendMessageV2)
    {
        SendMessageRequestHeader header = SendHeader(topic, Properties(tag, delay), queueId, defaultTopic);
        return code == RequestCode.SendMessage
            ? AskAsync(code, header, Encoding.UTF8.GetBytes(body))
            : AskAsync(code, new SendMessageRequestHeaderV2(header), Encoding.UTF8.GetBytes(body));
    }

    public static SendMessageRequestHeader SendHeader(string topic, string? properties, int queueId = 0, string defaultTopic = "TBW102") => new()
    {
        ProducerGroup = "p",
        Topic = topic,
        DefaultTopic = defaultTopic,
        DefaultTopicQueues = 4,
        QueueId = queueId,
        SystemFlag = 0,
        BornTimestamp = 1,
        Flag = 7,
        Properties = properties,
    };

    public Task<RemotingResponse> PullAsync(
        string topic, long offset, string group = "g", int queueId = 0, int max = 32, string filter = "*", int hold = 0, int sysFlag = 4, long version = 0)
        => AskAsync(RequestCode.PullMessage, new PullMessageRequestHeader
        {
            ConsumerGroup = group,
            Topic = topic,
            QueueId = queueId,
            QueueOffset = offset,
            MaxMessages = max,
            SystemFlag = sysFlag | (hold > 0 ? 2 : 0),
            CommitOffset = 0,
            SuspendTimeoutMillis = hold,
            Subscription = filter,
            SubscriptionVersion = version,
            ExpressionType = "TAG",
        });

    public async Task<int> HeartbeatAsync(string clientId, string group, string topic, string filter = "*", long version = 1)
    {
        var heartbeat = new HeartbeatData
        {
            ClientId = clientId,
            Consumers = [new ConsumerData { GroupName = group, Subscriptions = [new SubscriptionData { Topic = topic, Expression = filter, Version = version }] }],
        };
        using RemotingResponse answer = await AskAsync(RequestCode.Heartbeat, default(EmptyFields), LenientJson.Write(heartbeat, RemotingJson.Bodies.HeartbeatData));
        return answer.Code;
    }

    /// <summary>The bodies of a pull's answer, with what the records say.</summary>
    public static List<Record> Records(RemotingResponse answer)
    {
        var records = new List<Record>();
        ReadOnlySpan<byte> rest = answer.Body.Span;
        while (MessageRecord.TryRead(rest, out MessageRecord record) == RecordError.None)
        {
            records.Add(new Record(
                record.TopicString, Encoding.UTF8.GetString(record.Body), Encoding.UTF8.GetString(record.Properties), record.QueueOffset,
                record.PhysicalOffset, record.ReconsumeTimes, record.Flag, record.BornTimestamp));
            rest = rest[record.Size..];
        }

        Assert.True(rest.IsEmpty, "the body of the answer has whole records only");
        return records;
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stop.CancelAsync();
        await _clientRun.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _serverRun.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private static string? Properties(string? tag, int delay)
    {
        string text = (tag is null ? string.Empty : $"TAGS\u0001{tag}\u0002") + (delay == 0 ? string.Empty : $"DELAY\u0001{delay}\u0002");
        return text.Length == 0 ? null : text;
    }

    internal sealed record Record(
        string Topic, string Body, string Properties, long QueueOffset, long PhysicalOffset, int ReconsumeTimes, int Flag, long BornTime);

    private sealed class Ends(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    private sealed class Notices(ConcurrentQueue<string> noticed) : IRequestHandler
    {
        public ValueTask HandleAsync(RemotingRequest request)
        {
            noticed.Enqueue(request.Fields.GetString("consumerGroup"u8));
            return default;
        }
    }
}
