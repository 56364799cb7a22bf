namespace ProtoBridgeMQ.Bridge.Access;

/// <summary>A file of access control cannot be used; the message says which, where and why.</summary>
public sealed class AccessFileException : Exception
{
    /// <summary>Makes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What is wrong with it.</param>
    /// <param name="innerException">What said so.</param>
    public AccessFileException(string path, string what, Exception? innerException = null)
        : base($"{path}: {what}", innerException)
    {
    }
}
