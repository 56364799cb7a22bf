using System.Net;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using DataVersion = ProtoBridgeMQ.Remoting.Bodies.DataVersion;

namespace ProtoBridgeMQ.Broker.Registration;

/// <summary>
/// Tells every name server which topics this broker has: at the start, at intervals, and at once when topics change.
/// A name server that does not answer is tried again at the next turn; the others do not wait for it.
/// </summary>
public sealed partial class NameServerRegistration : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    private readonly BrokerCore _core;
    private readonly RemotingClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger<NameServerRegistration> _logger;
    private readonly NameServerState[] _servers;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private Task _work = Task.CompletedTask;

    /// <summary>For the name servers of the options.</summary>
    public NameServerRegistration(BrokerCore core, RemotingClient client, TimeProvider time, ILogger<NameServerRegistration> logger)
    {
        _core = core;
        _client = client;
        _time = time;
        _logger = logger;
        _servers =
        [
            .. core.Options.NameServers
                .Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Distinct(StringComparer.Ordinal)
                .Select(static address => new NameServerState(address)),
        ];
        _timer = time.CreateTimer(static self => ((NameServerRegistration)self!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Registers from now on.</summary>
    public void Start()
    {
        if (_servers.Length == 0)
        {
            return;
        }

        _core.Topics.Changed += OnTopicChanged;
        _timer.Change(_core.Options.RegisterInterval, _core.Options.RegisterInterval);
        _work = Task.Run(RunAsync);
    }

    /// <summary>Leaves the name servers' tables and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        _core.Topics.Changed -= OnTopicChanged;
        await _stop.CancelAsync();
        await _timer.DisposeAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_servers.Select(server => UnregisterAsync(server)));
        _stop.Dispose();
        _wake.Dispose();
    }

    private void OnTopicChanged(BrokerTopic topic) => Wake();

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
            // Somebody else woke it, or it stopped.
        }
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            byte[] body = Body();
            // One name server that is slow does not hold back the others' next news: it has its own turn running.
            foreach (NameServerState server in _servers)
            {
                if (server.Turn.IsCompleted)
                {
                    server.Turn = RegisterAsync(server, body);
                }
                else
                {
                    server.Behind = true;
                }
            }

            await Task.WhenAny(Task.WhenAll(_servers.Select(static server => server.Turn)), Task.Delay(AnswerTimeout, _time, _stop.Token));
            if (!_servers.Any(static server => server.Behind && server.Turn.IsCompleted))
            {
                await _wake.WaitAsync(_stop.Token);
            }

            foreach (NameServerState server in _servers)
            {
                server.Behind = false;
            }
        }
    }

    private async Task RegisterAsync(NameServerState server, byte[] body)
    {
        try
        {
            BrokerOptions options = _core.Options;
            var header = new RegisterBrokerRequestHeader
            {
                BrokerName = options.Name,
                BrokerAddress = Address(0),
                ClusterName = options.Cluster,
                HaServerAddress = Address(1),
                BrokerId = options.BrokerId,
                BodyCrc32 = BodyCrc32.Compute(body),
            };
            using RemotingResponse answer = await _client.InvokeAsync(server.Address, RequestCode.RegisterBroker, header, body, AnswerTimeout, _stop.Token);
            if (answer.Code != ResponseCode.Success)
            {
                throw new RemotingException(answer.Code, answer.Remark ?? "refused");
            }

            if (!server.Answers)
            {
                server.Answers = true;
                LogRegistered(_logger, server.Address, options.Name);
            }
        }
        catch (Exception error) when (error is RemotingException or IOException or System.Net.Sockets.SocketException or TimeoutException)
        {
            if (server.Answers || !server.Warned)
            {
                server.Answers = false;
                server.Warned = true;
                LogAbsent(_logger, server.Address, error.Message);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task UnregisterAsync(NameServerState server)
    {
        await server.Turn.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!server.Answers)
        {
            return;
        }

        try
        {
            BrokerOptions options = _core.Options;
            var header = new UnregisterBrokerRequestHeader
            {
                BrokerName = options.Name,
                BrokerAddress = Address(0),
                ClusterName = options.Cluster,
                BrokerId = options.BrokerId,
            };
            using RemotingResponse answer = await _client.InvokeAsync(server.Address, RequestCode.UnregisterBroker, header, default, AnswerTimeout);
        }
        catch (Exception error) when (error is RemotingException or IOException or System.Net.Sockets.SocketException or TimeoutException or OperationCanceledException)
        {
            // It will notice by itself when no registration comes any more; in one process it may have stopped first.
            LogNotUnregistered(_logger, server.Address, error.Message);
        }
    }

    private string Address(int portOffset)
    {
        IPEndPoint host = _core.StoreHost;
        return new IPEndPoint(host.Address, host.Port + portOffset).ToString();
    }

    private byte[] Body()
    {
        TopicTable topics = _core.Tables.Topics;
        Config.DataVersion version = topics.Version;
        var body = new RegisterBrokerBody
        {
            TopicConfig = new TopicConfigTable
            {
                Version = new DataVersion { Counter = version.Counter, StateVersion = version.StateVersion, Timestamp = version.Timestamp },
                Topics = topics.All().ToDictionary(static topic => topic.Name, topic => Data(topic, _core.Options.Permission), StringComparer.Ordinal),
            },
        };
        return LenientJson.Write(body, RemotingJson.Bodies.RegisterBrokerBody);
    }

    private static TopicConfigData Data(BrokerTopic topic, int permission) => new()
    {
        TopicName = topic.Name,
        ReadQueues = topic.ReadQueues,
        WriteQueues = topic.WriteQueues,
        Permission = permission == (BrokerTopic.Read | BrokerTopic.Write) ? topic.Permissions : topic.Permissions & permission,
        FilterType = topic.FilterType,
        SystemFlag = topic.SystemFlag,
        Order = topic.Ordered,
        Attributes = new Dictionary<string, string>(topic.Attributes.Pairs),
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Registered at name server {Address} as {Broker}")]
    private static partial void LogRegistered(ILogger logger, string address, string broker);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Name server {Address} does not take our registration, it will be tried again: {Reason}")]
    private static partial void LogAbsent(ILogger logger, string address, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Name server {Address} was not told that we leave: {Reason}")]
    private static partial void LogNotUnregistered(ILogger logger, string address, string reason);

    private sealed class NameServerState(string address)
    {
        public string Address { get; } = address;

        public Task Turn { get; set; } = Task.CompletedTask;

        public bool Behind { get; set; }

        public bool Answers { get; set; }

        public bool Warned { get; set; }
    }
}
