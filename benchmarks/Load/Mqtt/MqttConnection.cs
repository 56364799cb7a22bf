using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;

namespace ProtoBridgeMQ.Benchmarks.Load.Mqtt;

/// <summary>A connected MQTT client: a socket to write to and a pipe to read from.</summary>
internal sealed class MqttConnection : IDisposable
{
    private const int ReadBuffer = 64 * 1024;

    private readonly NetworkStream _stream;

    private MqttConnection(Socket socket)
    {
        Socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
        Input = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: ReadBuffer));
    }

    /// <summary>For writing.</summary>
    public Socket Socket { get; }

    /// <summary>For reading.</summary>
    public PipeReader Input { get; }

    /// <summary>Connects and waits for the acknowledgement.</summary>
    public static async Task<MqttConnection> OpenAsync(int port, string clientId)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var connection = new MqttConnection(socket);
        await socket.SendAsync(MqttPackets.ConnectPacket(clientId));
        await connection.PassAsync();
        return connection;
    }

    /// <summary>Subscribes and waits for the acknowledgement.</summary>
    public async Task SubscribeAsync(string filter)
    {
        await Socket.SendAsync(MqttPackets.SubscribePacket(filter));
        await PassAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private async Task PassAsync()
    {
        while (true)
        {
            ReadResult read = await Input.ReadAsync();
            if (MqttPackets.TryCut(read.Buffer, out var packet))
            {
                Input.AdvanceTo(packet.End);
                return;
            }

            if (read.IsCompleted)
            {
                throw new IOException("The connection was closed before the acknowledgement.");
            }

            Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
