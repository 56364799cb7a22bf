using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using ProtoBridgeMQ.Benchmarks.Load.Measuring;

namespace ProtoBridgeMQ.Benchmarks.Load.Remoting;

/// <summary>One remoting connection with one request at a time.</summary>
internal sealed class RemotingExchange : IExchange
{
    private readonly Socket _socket;
    private SendFrame _frame;
    private readonly bool _checked;
    private byte[] _answer = new byte[4096];

    private RemotingExchange(Socket socket, SendFrame frame, bool isChecked)
    {
        _socket = socket;
        _frame = frame;
        _checked = isChecked;
    }

    /// <summary>Bytes of the last answer.</summary>
    public int AnswerSize { get; private set; }

    /// <summary>The last answer.</summary>
    public ReadOnlySpan<byte> Answer => _answer.AsSpan(0, AnswerSize);

    /// <summary>What is sent from now on.</summary>
    public void Use(SendFrame frame) => _frame = frame;

    /// <summary>Connects to a broker.</summary>
    public static async Task<RemotingExchange> ConnectAsync(int port, SendFrame frame)
        => new(await OpenAsync(port), frame, isChecked: true);

    /// <summary>Connects to the floor, which wants to know first how large its answers shall be.</summary>
    public static async Task<RemotingExchange> ConnectToFloorAsync(int port, SendFrame frame, int answerSize)
    {
        Socket socket = await OpenAsync(port);
        byte[] preamble = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(preamble, answerSize);
        await socket.SendAsync(preamble);
        return new RemotingExchange(socket, frame, isChecked: false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ExchangeAsync()
    {
        await _socket.SendAsync(_frame.Next());
        int read = 0;
        int wanted = 4;
        while (read < wanted)
        {
            int got = await _socket.ReceiveAsync(_answer.AsMemory(read));
            if (got == 0)
            {
                throw new IOException("The connection was closed before the answer.");
            }

            read += got;
            if (read >= 4)
            {
                wanted = 4 + BinaryPrimitives.ReadInt32BigEndian(_answer);
                if (wanted > _answer.Length)
                {
                    Array.Resize(ref _answer, wanted);
                }
            }
        }

        AnswerSize = wanted;
        return !_checked || IsSuccess();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static async Task<Socket> OpenAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }

    private bool IsSuccess()
        => _answer[4] == 0
            ? Answer.IndexOf("\"code\":0"u8) >= 0
            : BinaryPrimitives.ReadInt16BigEndian(_answer.AsSpan(8)) == 0;
}
