using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Registration;

/// <summary>
/// One name server. It is told all topics on each new connection, then what changes, and between changes that the broker
/// lives; every so often it is asked whether it knows the topics as they are.
/// </summary>
internal sealed partial class NameServerLink : IAsyncDisposable
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(100);

    private readonly string _address;
    private readonly TopicTable _topics;
    private readonly BrokerOptions _options;
    private readonly RegistrationMessages _messages;
    private readonly RemotingClient _client;
    private readonly BrokerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private readonly Lock _untoldLock = new();
    private List<TaskCompletionSource> _untold = [];
    private Task _work = Task.CompletedTask;
    private RemotingConnection? _connection;
    private CancellationTokenRegistration _closed;
    private Config.DataVersion? _known;
    private bool _isIncomplete;
    private bool _isWarned;
    private volatile bool _answers;
    private int _failures;
    private DateTimeOffset _nextQuestion;

    public NameServerLink(
        string address, TopicTable topics, BrokerOptions options, RegistrationMessages messages, RemotingClient client, BrokerMetrics metrics,
        TimeProvider time, ILogger logger)
    {
        _address = address;
        _topics = topics;
        _options = options;
        _messages = messages;
        _client = client;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(static link => ((NameServerLink)link!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether it has taken the broker's registration and its connection stands.</summary>
    public bool Answers => _answers && _connection is { AbortReason: null } connection && !connection.Closed.IsCancellationRequested;

    /// <summary>The brokers and queues of a topic: none when it does not know the topic, null when it does not answer.</summary>
    public async ValueTask<TopicRouteData?> RouteAsync(string topic)
    {
        if (!Answers || _connection is not { } connection)
        {
            return null;
        }

        try
        {
            using RemotingResponse answer = await connection.InvokeAsync(
                RequestCode.GetRouteInfoByTopic, new GetRouteInfoRequestHeader { Topic = topic, AcceptStandardJsonOnly = true }, default, _options.RegisterTimeout);
            return answer.Code switch
            {
                ResponseCode.Success => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.TopicRouteData),
                ResponseCode.TopicNotExist => new TopicRouteData(),
                _ => null,
            };
        }
        catch (RemotingException error)
        {
            LogNoRoute(_logger, _address, topic, error.Message);
            return null;
        }
    }

    public void Start() => _work = Task.Run(RunAsync);

    /// <summary>Completes when it knows the topics as they are now, or cannot be told; at once when it does not answer.</summary>
    public Task ToldAsync()
    {
        if (!Answers)
        {
            return Task.CompletedTask;
        }

        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_untoldLock)
        {
            _untold.Add(told);
        }

        Wake();
        return told.Task;
    }

    /// <summary>Something changed: looks at it soon.</summary>
    public void Wake()
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

    /// <summary>Leaves the name server's table and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _timer.DisposeAsync();
        await _work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        TakeUntold().ForEach(static told => told.TrySetResult());
        await _closed.DisposeAsync();
        await UnregisterAsync();
        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TimeSpan rest;
            List<TaskCompletionSource> untold = TakeUntold();
            try
            {
                await TurnAsync();
                Present();
                rest = _options.RegisterDelay;
            }
            catch (Exception error) when (error is RemotingException or IOException or System.Net.Sockets.SocketException or TimeoutException)
            {
                Absent(error);
                rest = BackOff();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            finally
            {
                untold.ForEach(static told => told.TrySetResult());
            }

            await RestAsync(rest, _failures > 0 ? rest : _options.HeartbeatInterval);
        }
    }

    private List<TaskCompletionSource> TakeUntold()
    {
        lock (_untoldLock)
        {
            (List<TaskCompletionSource> untold, _untold) = (_untold, []);
            return untold;
        }
    }

    // Until it is woken, or for the longest time; but never for less than the shortest.
    private async Task RestAsync(TimeSpan shortest, TimeSpan longest)
    {
        long began = _time.GetTimestamp();
        _timer.Change(longest, Timeout.InfiniteTimeSpan);
        await _wake.WaitAsync(_stop.Token);
        while (_time.GetElapsedTime(began) is var rested && rested < shortest)
        {
            _timer.Change(shortest - rested, Timeout.InfiniteTimeSpan);
            await _wake.WaitAsync(_stop.Token);
        }
    }

    private async Task TurnAsync()
    {
        RemotingConnection connection = await ConnectAsync();
        TopicChanges changes = _topics.Since(_known);
        if (!changes.IsWhole && changes.Version != _known)
        {
            changes = await TellChangesAsync(connection, changes);
        }
        else if (!changes.IsWhole && _time.GetUtcNow() >= _nextQuestion)
        {
            changes = await AskAsync(connection, changes);
        }
        else if (!changes.IsWhole)
        {
            // A heartbeat that is not taken is no failure: the connection ends, and that is.
            connection.TrySendOneWay(RequestCode.BrokerHeartbeat, _messages.Heartbeat, default);
            _metrics.Registered(RegistrationKind.Heartbeat, 0);
        }

        if (changes.IsWhole)
        {
            await TellAllAsync(connection, changes);
        }
    }

    private async Task TellAllAsync(RemotingConnection connection, TopicChanges all)
    {
        _known = null;
        foreach (byte[] body in _messages.Bodies(all))
        {
            using RemotingResponse answer = await RegisterAsync(connection, RegistrationKind.Whole, body);
            if (answer.Code != ResponseCode.Success)
            {
                throw new RemotingException(answer.Code, answer.Remark ?? "refused");
            }
        }

        _known = all.Version;
        _isIncomplete = false;
        _nextQuestion = _time.GetUtcNow() + _options.RegisterInterval;
    }

    /// <summary>Answers with what is still to be told: all, when the name server does not take changes.</summary>
    private async Task<TopicChanges> TellChangesAsync(RemotingConnection connection, TopicChanges changes)
    {
        // Whatever fails below: all is told again.
        _known = null;
        // No request takes topics away but a whole registration, and that only where the name server is set to: it has time.
        _isIncomplete |= changes.HasRemovals;
        if (_options.SingleTopicRegister)
        {
            foreach (BrokerTopic topic in changes.Topics)
            {
                byte[] route = _messages.Route(topic);
                using RemotingResponse one = await connection.InvokeAsync(
                    RequestCode.RegisterTopicInNameServer, new RegisterTopicRequestHeader { Topic = topic.Name }, route, _options.RegisterTimeout, _stop.Token);
                _metrics.Registered(RegistrationKind.Change, route.Length);
            }
        }
        else if (changes.Topics.Count > 0)
        {
            foreach (byte[] body in _messages.Bodies(changes))
            {
                using RemotingResponse answer = await RegisterAsync(connection, RegistrationKind.Change, body);
                if (answer.Code != ResponseCode.Success)
                {
                    return _topics.Since(null);
                }
            }
        }

        _known = changes.Version;
        return changes;
    }

    private async Task<TopicChanges> AskAsync(RemotingConnection connection, TopicChanges changes)
    {
        using RemotingResponse answer = await connection.InvokeAsync(
            RequestCode.QueryDataVersion, _messages.VersionQuestion, RegistrationMessages.Version(changes.Version), _options.RegisterTimeout, _stop.Token);
        _metrics.Registered(RegistrationKind.Question, 0);
        _nextQuestion = _time.GetUtcNow() + _options.RegisterInterval;
        return _isIncomplete || answer.Code != ResponseCode.Success || QueryDataVersionResponseHeader.Read(answer.Fields).Changed
            ? _topics.Since(null)
            : changes;
    }

    private ValueTask<RemotingResponse> RegisterAsync(RemotingConnection connection, RegistrationKind kind, byte[] body)
    {
        _metrics.Registered(kind, body.Length);
        return connection.InvokeAsync(RequestCode.RegisterBroker, _messages.Header(body), body, _options.RegisterTimeout, _stop.Token);
    }

    private async Task<RemotingConnection> ConnectAsync()
    {
        using var patience = new CancellationTokenSource(_options.RegisterTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stop.Token);
        RemotingConnection connection;
        try
        {
            connection = await _client.ConnectAsync(_address, either.Token);
        }
        catch (OperationCanceledException) when (!_stop.IsCancellationRequested)
        {
            throw new TimeoutException($"{_address} does not take the connection");
        }

        if (ReferenceEquals(connection, _connection))
        {
            return connection;
        }

        // It forgets what was registered on a connection that has ended.
        await _closed.DisposeAsync();
        _connection = connection;
        _known = null;
        _closed = connection.Closed.UnsafeRegister(static link => ((NameServerLink)link!).Wake(), this);
        return connection;
    }

    private void Present()
    {
        _failures = 0;
        if (!_answers)
        {
            _answers = true;
            LogRegistered(_logger, _address, _messages.Name);
        }
    }

    private void Absent(Exception error)
    {
        _metrics.RegistrationFailed();
        _known = null;
        if (error is TimeoutException or RemotingTimeoutException)
        {
            _connection?.Abort("the name server does not answer");
        }

        if (_answers || !_isWarned)
        {
            _answers = false;
            _isWarned = true;
            LogAbsent(_logger, _address, error.Message);
        }
    }

    private TimeSpan BackOff()
    {
        TimeSpan wait = FirstBackOff * Math.Pow(2, Math.Min(_failures++, 16));
        return wait < _options.MaxRegisterBackOff ? wait : _options.MaxRegisterBackOff;
    }

    private async Task UnregisterAsync()
    {
        if (!Answers)
        {
            return;
        }

        try
        {
            using RemotingResponse answer = await _connection!.InvokeAsync(RequestCode.UnregisterBroker, _messages.Leave, default, _options.RegisterTimeout);
        }
        catch (Exception error) when (error is RemotingException or IOException or System.Net.Sockets.SocketException or TimeoutException or OperationCanceledException)
        {
            // It will notice by itself when the connection closes; in one process it may have stopped first.
            LogNotUnregistered(_logger, _address, error.Message);
        }
    }

    [LoggerMessage(EventId = 4014, Level = LogLevel.Information, Message = "Registered at name server {Address} as {Broker}")]
    private static partial void LogRegistered(ILogger logger, string address, string broker);

    [LoggerMessage(EventId = 4015, Level = LogLevel.Warning, Message = "Name server {Address} does not take our registration, it will be tried again: {Reason}")]
    private static partial void LogAbsent(ILogger logger, string address, string reason);

    [LoggerMessage(EventId = 4016, Level = LogLevel.Debug, Message = "Name server {Address} does not say which brokers have {Topic}: {Reason}")]
    private static partial void LogNoRoute(ILogger logger, string address, string topic, string reason);

    [LoggerMessage(EventId = 4017, Level = LogLevel.Debug, Message = "Name server {Address} was not told that we leave: {Reason}")]
    private static partial void LogNotUnregistered(ILogger logger, string address, string reason);
}
