using System.Text;
using ProtoBridgeMQ.Client.Admin;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client;

/// <summary>Brokers: settings and state. <see cref="AdminClient.Brokers"/>.</summary>
/// <remarks>Thread safe.</remarks>
public sealed class BrokerAdmin
{
    private readonly AdminCalls _calls;

    internal BrokerAdmin(AdminCalls calls) => _calls = calls;

    /// <summary>The settings of a broker's master, by RocketMQ's names.</summary>
    /// <exception cref="ProtoBridgeMqException">It cannot be reached.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> GetConfigAsync(string broker, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(broker);
        string what = $"Asking broker {broker} for its settings";
        using RemotingResponse response = await _calls.RequireAsync(broker, RequestCode.GetBrokerConfig, default(NoFields), default, what, cancellationToken).ConfigureAwait(false);
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in Encoding.UTF8.GetString(response.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                settings[Unescape(line[..equals])] = Unescape(line[(equals + 1)..]);
            }
        }

        return settings;
    }

    /// <summary>Changes settings of a broker's master while it runs, and for after its restart.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="settings">RocketMQ's names, with their new values.</param>
    /// <param name="cancellationToken">Ends the wait; they may be changed nevertheless.</param>
    /// <exception cref="ArgumentException">A name or value has a line end.</exception>
    /// <exception cref="RequestRefusedException">A name is unknown or fixed, or a value impossible. Brokers of Apache take unknown names in silence.</exception>
    /// <exception cref="ProtoBridgeMqException">It cannot be reached.</exception>
    public async ValueTask SetConfigAsync(string broker, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(broker);
        ArgumentNullException.ThrowIfNull(settings);
        var text = new StringBuilder();
        foreach ((string name, string value) in settings)
        {
            if (name.AsSpan().IndexOfAny('\n', '\r', '=') >= 0 || value.AsSpan().IndexOfAny('\n', '\r') >= 0)
            {
                throw new ArgumentException($"The setting '{name}' has a line end, or an equals sign in its name.", nameof(settings));
            }

            text.Append(Escape(name)).Append('=').Append(Escape(value)).Append('\n');
        }

        string what = $"Changing settings of broker {broker}";
        using RemotingResponse response = await _calls
            .RequireAsync(broker, RequestCode.UpdateBrokerConfig, default(EmptyFields), Encoding.UTF8.GetBytes(text.ToString()), what, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>The form is that of Java's properties: a backslash makes the next character an ordinary one.</summary>
    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal);

    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            i += text[i] == '\\' && i + 1 < text.Length ? 1 : 0;
            plain.Append(text[i]);
        }

        return plain.ToString();
    }

    /// <summary>What a broker's master says of its state, by RocketMQ's names: rates, ends of the log, disk, start.</summary>
    /// <exception cref="ProtoBridgeMqException">It cannot be reached.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> GetRuntimeInfoAsync(string broker, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(broker);
        string what = $"Asking broker {broker} for its state";
        using RemotingResponse response = await _calls.RequireAsync(broker, RequestCode.GetBrokerRuntimeInfo, default(NoFields), default, what, cancellationToken).ConfigureAwait(false);
        return RemoteCalls.Read(response, what, broker, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.KvTable)).Table;
    }
}
