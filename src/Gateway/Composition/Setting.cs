using System.Globalization;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>One setting under its three names: <c>--mqtt-port</c>, <c>mqttPort</c> in gateway.json, <c>PROTOBRIDGE_MQTT_PORT</c>.</summary>
internal sealed class Setting
{
    public const string EnvironmentPrefix = "PROTOBRIDGE_";

    private readonly Action<GatewayOptions, string> _apply;

    private Setting(string option, string value, string help, Action<GatewayOptions, string> apply)
    {
        Name = option;
        Option = "--" + option;
        Value = value;
        Help = help;
        string[] words = option.Split('-');
        Key = words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
        Variable = EnvironmentPrefix + option.ToUpperInvariant().Replace('-', '_');
        _apply = apply;
    }

    /// <summary>All settings of the process, in the order of the help.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        new("mqtt-port", "PORT", "MQTT 3.1.1 and 5 (default 1883)", (o, v) => o.MqttPort = Port(v)),
        new("mqtts-port", "PORT", "MQTT over TLS (default 8883 with a certificate, else off)", (o, v) => o.MqttsPort = Port(v)),
        new("http-port", "PORT", "REST, Swagger, health, metrics, and MQTT over WebSocket at /mqtt (default 8080)", (o, v) => o.HttpPort = Port(v)),
        new("https-port", "PORT", "the same over TLS (default 8443 with a certificate, else off)", (o, v) => o.HttpsPort = Port(v)),
        new("namesrv-port", "PORT", "name server, remoting (default 9876)", (o, v) => o.NamesrvPort = Port(v)),
        new("broker-port", "PORT", "broker, remoting (default 10911)", (o, v) => o.BrokerPort = Port(v)),
        new("data", "DIR", "store directory (default ./data)", (o, v) => o.Data = v),
        new("namesrv", "HOST:PORT;...", "front the cluster of these name servers instead of the embedded broker", (o, v) => o.Namesrv = v),
        new("listen", "ADDRESS", "address to listen on (default 127.0.0.1); one that is not loopback needs access control, or --allow-anonymous", (o, v) => o.Listen = v),
        new("remoting-listen", "ADDRESS", "address of name server and broker, which have no access control (default as --listen, or loopback with access control)", (o, v) => o.RemotingListen = v),
        new("allow-anonymous", "", "let clients in that prove nothing, also on an address that is not loopback", (o, v) => o.AllowAnonymous = Flag(v)),
        new("flush", "fsync|async", "acknowledge after the message is on disk (fsync, default), or after it is written (async)", (o, v) => o.Flush = Mode(v)),
        new("log-level", "LEVEL", "trace, debug, information (default), warning, error or none", (o, v) => o.LogLevel = Level(v)),
        new("log-format", "text|json", "lines for people (text, default), or a JSON object a line and no banner", (o, v) => o.LogFormat = Format(v)),
    ];

    /// <summary>Settings of the design whose front is not built: naming one is refused, not ignored.</summary>
    public static IReadOnlyList<Setting> NotYet { get; } =
    [
        new("amqp-port", "PORT", "AMQP", NotInThisVersion("AMQP")),
        new("grpc-port", "PORT", "gRPC", NotInThisVersion("RocketMQ 5 gRPC")),
    ];

    public string Name { get; }

    public string Option { get; }

    public string Key { get; }

    public string Variable { get; }

    /// <summary>What the help shows in the place of the value; empty for a flag.</summary>
    public string Value { get; }

    public string Help { get; }

    public bool IsFlag => Value.Length == 0;

    /// <summary>Sets it.</summary>
    /// <param name="options">Where.</param>
    /// <param name="value">As it was written.</param>
    /// <param name="origin">Where it was written, for the message.</param>
    public void Apply(GatewayOptions options, string value, string origin)
    {
        try
        {
            _apply(options, value);
        }
        catch (FormatException wrong)
        {
            throw new GatewayStartException(GatewayStartException.WrongUsage, $"{origin}: {wrong.Message}");
        }
    }

    private static int Port(string value)
    {
        if (value.Equals("any", StringComparison.OrdinalIgnoreCase))
            return GatewayOptions.Any;

        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= 65535
            ? port
            : throw new FormatException($"'{value}' is no port: write 1 to 65535, 0 for off, or any for a free one");
    }

    private static bool Flag(string value)
        => bool.TryParse(value, out bool flag) ? flag : throw new FormatException($"'{value}' is neither true nor false");

    private static FlushMode Mode(string value) => value switch
    {
        "fsync" => FlushMode.Fsync,
        "async" => FlushMode.Async,
        _ => throw new FormatException($"'{value}' is neither fsync nor async"),
    };

    private static LogFormat Format(string value) => value switch
    {
        "text" => LogFormat.Text,
        "json" => LogFormat.Json,
        _ => throw new FormatException($"'{value}' is neither text nor json"),
    };

    private static LogLevel Level(string value)
        => Enum.TryParse(value, ignoreCase: true, out LogLevel level) && Enum.IsDefined(level) && !char.IsAsciiDigit(value[0])
            ? level
            : throw new FormatException($"'{value}' is no level: write trace, debug, information, warning, error or none");

    private static Action<GatewayOptions, string> NotInThisVersion(string what)
        => (_, value) =>
        {
            if (value != "0")
                throw new FormatException($"{what} is not in this version");
        };
}
