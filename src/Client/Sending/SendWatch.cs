using System.Diagnostics;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Tracing;

namespace ProtoBridgeMQ.Client.Sending;

/// <summary>Tells hooks, RocketMQ's trace and activities what becomes of sends. Costs nothing when nobody watches.</summary>
internal sealed class SendWatch(ClusterConnection connection, ProducerOptions options)
{
    private readonly ISendHook[] _hooks = [.. options.Hooks];
    private readonly MessageTrace? _trace = TraceText.IsTraceTopic(connection.Options.TraceTopic, options.Group) ? null : connection.Trace;

    /// <summary>Whether anybody watches now.</summary>
    public bool IsActive => _hooks.Length > 0 || _trace is not null || ClientActivities.IsActive;

    public Activity? Begin(Message message)
    {
        foreach (ISendHook hook in _hooks)
        {
            Call(hook, message, static (hook, message) => hook.Sending(message));
        }

        return ClientActivities.Send(message, connection.ClientId, options.Group);
    }

    public Activity? BeginBatch(string topic, int count) => ClientActivities.SendBatch(topic, count, connection.ClientId, options.Group);

    /// <summary>The properties with the context of the activity, by which the consumer's activity finds this one.</summary>
    public static SystemProperty[]? WithContext(Message message, Activity? activity, SystemProperty[]? properties)
    {
        Activity? context = activity ?? Activity.Current;
        if (context is not { IdFormat: ActivityIdFormat.W3C, Id: { } id } || message.OwnProperties?.ContainsKey(ClientActivities.TraceParent) == true)
        {
            return properties;
        }

        var parent = new SystemProperty(ClientActivities.TraceParent, id);
        return string.IsNullOrEmpty(context.TraceStateString)
            ? [.. properties ?? [], parent]
            : [.. properties ?? [], parent, new SystemProperty(ClientActivities.TraceState, context.TraceStateString)];
    }

    public void Sent(Message message, in SendReceipt receipt, long start, Activity? activity, in SendPurpose purpose)
    {
        ClientActivities.Sent(activity, receipt);
        TimeSpan took = connection.Options.TimeProvider.GetElapsedTime(start);
        _trace?.Published(options.Group, message, receipt, took, TraceText.TypeOf(message, purpose.SystemFlag), isSuccess: true);
        SendReceipt stored = receipt;
        foreach (ISendHook hook in _hooks)
        {
            Call(hook, message, (hook, message) => hook.Sent(message, stored, took));
        }
    }

    public void Failed(Message message, ProtoBridgeMqException error, long start, Activity? activity)
    {
        ClientActivities.Fail(activity, error);
        TimeSpan took = connection.Options.TimeProvider.GetElapsedTime(start);
        _trace?.Published(options.Group, message, default, took, TraceText.TypeOf(message, 0), isSuccess: false);
        foreach (ISendHook hook in _hooks)
        {
            Call(hook, message, (hook, message) => hook.Failed(message, error, took));
        }
    }

    public void BatchSent(IReadOnlyList<Message> messages, IReadOnlyList<SendReceipt> receipts)
    {
        if (_trace is null && _hooks.Length == 0)
        {
            return;
        }

        for (int i = 0; i < receipts.Count; i++)
        {
            _trace?.Published(options.Group, messages[i], receipts[i], TimeSpan.Zero, TraceText.Normal, isSuccess: true);
            SendReceipt stored = receipts[i];
            foreach (ISendHook hook in _hooks)
            {
                Call(hook, messages[i], (hook, message) => hook.Sent(message, stored, TimeSpan.Zero));
            }
        }
    }

    /// <summary>A hook that throws does not fail the send: its message may be stored already.</summary>
    private void Call(ISendHook hook, Message message, Action<ISendHook, Message> call)
    {
        try
        {
            call(hook, message);
        }
        catch (Exception error)
        {
            connection.Log.HookFailed(error, hook.GetType().Name);
        }
    }
}
